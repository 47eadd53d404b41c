// The dialog that begins a study: what is typed and chosen is what the engine is asked for.
#include <QComboBox>
#include <QLineEdit>
#include <QPushButton>
#include <QSignalSpy>
#include <QTest>

#include <nlohmann/json.hpp>

#include "app/gui/new_study_dialog.h"

using namespace fm;

class TestNewStudy : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void whatIsChosenIsAskedFor() {
        NewStudyDialog dialog;
        QSignalSpy wanted(&dialog, &NewStudyDialog::createWanted);
        dialog.show();
        const QList<QLineEdit*> edits = dialog.findChildren<QLineEdit*>();
        QCOMPARE(edits.size(), 4);
        QPushButton* create = nullptr;
        for (QPushButton* button : dialog.findChildren<QPushButton*>())
            if (button->text() == "&Create") create = button;
        QVERIFY(create && !create->isEnabled());
        QTest::keyClicks(edits[0], "/models/smollm2");
        QTest::keyClicks(edits[1], "/studies/new");
        QVERIFY(create->isEnabled());
        QCOMPARE(QString::fromStdString(dialog.params().dump()),
                 QString(R"({"chat":"base","path":"/studies/new","teacher":"/models/smollm2"})"));
        auto* form = dialog.findChild<QComboBox*>();
        form->setFocus();
        QTest::keyClick(form, Qt::Key_Down);
        QTest::mouseClick(create, Qt::LeftButton);
        QCOMPARE(wanted.size(), 1);
        QCOMPARE(dialog.params()["chat"].get<std::string>(), std::string("chat"));
        dialog.setProblem("the teacher has no chat template; choose plain text");
        QVERIFY(create->isEnabled());
    }
};

QTEST_MAIN(TestNewStudy)
#include "test_new_study.moc"
