// Recovered hybrids on disk: what is written comes back, only what differs is stored, damage is told in a sentence.
#include <ATen/ATen.h>

#include <QDir>
#include <QFile>
#include <QTemporaryDir>
#include <QtTest>
#include <filesystem>

#include "core/base/error.h"
#include "core/base/temporary_file.h"
#include "core/export/hybrid_folder.h"
#include "core/formats/safetensors.h"
#include "tests/engine/plan_oracle.h"
#include "tests/support/tiny_model.h"

using namespace fm;
using namespace fm::testing;

namespace {

constexpr const char* kTeacherHash = "0123456789abcdef0123456789abcdef";

std::vector<std::pair<std::string, at::Tensor>> tensorsOf(RecoveredHybrid hybrid) {
    std::vector<std::pair<std::string, at::Tensor>> tensors;
    const auto keep = [&](const std::string& name, at::Tensor& t) { tensors.emplace_back(name, t); };
    forEachTensor(hybrid.weights, keep);
    forEachTensor(hybrid.branches, keep);
    return tensors;
}

QByteArray contentOf(const QString& path) {
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

bool replaceContent(const QString& path, const QByteArray& content) {
    QFile file(path);
    return file.open(QIODevice::WriteOnly) && file.write(content) == content.size();
}

}  // namespace

class TestHybridFolder : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init();
    void comesBackAsItWas();
    void onlyWhatDiffersIsStored();
    void narrowFoldersAreReadToo();
    void idIsTheContent();
    void damageIsASentence_data();
    void damageIsASentence();
    void everyTruncationIsRefused();
    void leftoversDoNotDisturb();

private:
    QString file(const QString& name) const { return folder_->filePath(QString::fromStdString(id_) + "/" + name); }
    RecoveredHybrid read() const { return readHybrid(file("").toStdString(), tiny_.weights, kTeacherHash); }
    std::string refusal() const;

    TinyModel tiny_ = tinyModel(3, at::kFloat);
    RecoveredHybrid hybrid_;
    std::unique_ptr<QTemporaryDir> folder_;
    std::string id_;
};

void TestHybridFolder::init() {
    const TinyModel other = tinyModel(3, at::kFloat, true, {}, 8);
    hybrid_ = {tiny_.weights, tiny_.branches, planOf("LFL")};
    hybrid_.weights.layers[1].attn.q.weight_OI = other.weights.layers[1].attn.q.weight_OI;
    hybrid_.weights.embed_VD = hybrid_.weights.head_VD = other.weights.embed_VD;
    hybrid_.branches.layers[2] = other.branches.layers[2];
    folder_ = std::make_unique<QTemporaryDir>();
    id_ = writeHybrid(folder_->path().toStdString(), tiny_.weights, hybrid_, kTeacherHash);
}

std::string TestHybridFolder::refusal() const {
    try {
        read();
    } catch (const WorldError& error) {
        return error.what();
    }
    return {};
}

void TestHybridFolder::comesBackAsItWas() {
    const RecoveredHybrid back = read();
    QCOMPARE(back.plan.key(), std::string("LFL"));
    const auto expected = tensorsOf(hybrid_), found = tensorsOf(back);
    QCOMPARE(found.size(), expected.size());
    for (std::size_t i = 0; i < found.size(); ++i) {
        QCOMPARE(found[i].first, expected[i].first);
        QVERIFY2(at::equal(found[i].second, expected[i].second), found[i].first.c_str());
    }
    QVERIFY(back.weights.head_VD.is_same(back.weights.embed_VD));  // the tie survives
}

void TestHybridFolder::onlyWhatDiffersIsStored() {
    const SafetensorsFile stored = SafetensorsFile::open(file("weights.safetensors").toStdString());
    std::vector<std::string> names;
    for (const TensorView& view : stored.tensors()) names.push_back(view.name);
    std::sort(names.begin(), names.end());
    QCOMPARE(names, (std::vector<std::string>{"model.embed_tokens.weight", "model.layers.1.self_attn.q_proj.weight"}));
    RecoveredHybrid same = hybrid_;
    same.weights = tiny_.weights;
    const std::string id = writeHybrid(folder_->path().toStdString(), tiny_.weights, same, kTeacherHash);
    const QString path = folder_->filePath(QString::fromStdString(id));
    QVERIFY(SafetensorsFile::open((path + "/weights.safetensors").toStdString()).tensors().empty());
    const RecoveredHybrid back = readHybrid(path.toStdString(), tiny_.weights, kTeacherHash);
    QVERIFY(at::equal(back.weights.embed_VD, tiny_.weights.embed_VD));
}

// Folders of before hold the bf16 that a GPU worked in: a teacher in fp32 reads their values, widened.
void TestHybridFolder::narrowFoldersAreReadToo() {
    RecoveredHybrid narrow = hybrid_;
    at::Tensor& q_OI = narrow.weights.layers[1].attn.q.weight_OI;
    q_OI = q_OI.to(at::kBFloat16);
    narrow.branches = castBranches(narrow.branches, at::kCPU, at::kBFloat16);
    const std::string folder = folder_->path().toStdString();
    const std::string path = folder + "/" + writeHybrid(folder, tiny_.weights, narrow, kTeacherHash);
    const SafetensorsFile stored = SafetensorsFile::open(path + "/weights.safetensors");
    QVERIFY(stored.find("model.layers.1.self_attn.q_proj.weight")->dtype == DType::BF16);
    const RecoveredHybrid back = readHybrid(path, tiny_.weights, kTeacherHash);
    QVERIFY(back.weights.layers[1].attn.q.weight_OI.scalar_type() == at::kFloat);
    QVERIFY(at::equal(back.weights.layers[1].attn.q.weight_OI, q_OI.to(at::kFloat)));
    QVERIFY(at::equal(back.branches.layers[2].q_OD, narrow.branches.layers[2].q_OD.to(at::kFloat)));
}

void TestHybridFolder::idIsTheContent() {
    const std::string folder = folder_->path().toStdString();
    QCOMPARE(writeHybrid(folder, tiny_.weights, hybrid_, kTeacherHash), id_);
    QCOMPARE(QDir(folder_->path()).entryList(QDir::Dirs | QDir::NoDotAndDotDot).size(), 1);
    RecoveredHybrid other = hybrid_;
    other.plan = planOf("FFL");
    QVERIFY(writeHybrid(folder, tiny_.weights, other, kTeacherHash) != id_);
    other = hybrid_;
    other.branches.layers[0].o_DO = other.branches.layers[0].o_DO + 1;
    QVERIFY(writeHybrid(folder, tiny_.weights, other, kTeacherHash) != id_);
}

void TestHybridFolder::damageIsASentence_data() {
    QTest::addColumn<QString>("name");
    QTest::addColumn<QByteArray>("content");
    QTest::addColumn<QString>("part");
    const auto head = [](const char* text) { return QByteArray(text); };
    const QString json = "hybrid.json";
    QTest::newRow("empty head") << json << head("") << QString("hybrid.json");
    QTest::newRow("no JSON") << json << head("{\"plan\": ") << QString("hybrid.json");
    QTest::newRow("no object") << json << head("[1, 2]") << QString("hybrid.json");
    QTest::newRow("plan is a number") << json
                                      << head(R"({"plan": 3, "teacher_hash": "0123456789abcdef0123456789abcdef"})")
                                      << QString("plan");
    QTest::newRow("other teacher") << json << head(R"({"plan": "LFL", "teacher_hash": "ff"})") << QString("teacher");
    QTest::newRow("too long a plan") << json
                                     << head(R"({"plan": "LFLF", "teacher_hash": "0123456789abcdef0123456789abcdef"})")
                                     << QString("number of layers");
    QTest::newRow("letters that are no plan")
        << json << head(R"({"plan": "LxL", "teacher_hash": "0123456789abcdef0123456789abcdef"})") << QString("plan");
    QTest::newRow("weights are text") << QString("weights.safetensors") << QByteArray("hello")
                                      << QString("weights.safetensors");
    QTest::newRow("branches are text") << QString("branches.safetensors") << QByteArray(64, '\0')
                                       << QString("branches.safetensors");
    QTest::newRow("header of 8 EiB") << QString("weights.safetensors") << QByteArray(16, '\x7f')
                                     << QString("weights.safetensors");
}

void TestHybridFolder::damageIsASentence() {
    QFETCH(QString, name);
    QFETCH(QByteArray, content);
    QFETCH(QString, part);
    QVERIFY(replaceContent(file(name), content));
    const std::string text = refusal();
    QVERIFY2(QString::fromStdString(text).contains(part), text.c_str());
    QVERIFY2(QString::fromStdString(text).contains(name), text.c_str());
    QVERIFY(QFile::remove(file(name)));
    const std::string missing = refusal();
    QVERIFY2(QString::fromStdString(missing).contains(name), missing.c_str());
}

void TestHybridFolder::everyTruncationIsRefused() {
    for (const char* name : {"weights.safetensors", "branches.safetensors", "hybrid.json"}) {
        const QByteArray whole = contentOf(file(name));
        QVERIFY(!whole.isEmpty());
        for (int i = 0; i < 12; ++i) {
            const qsizetype size = std::min<qsizetype>(whole.size() - 3, whole.size() * i / 12 + i);
            QVERIFY(replaceContent(file(name), whole.first(size)));
            QVERIFY2(!refusal().empty(), qPrintable(QString("%1 of %2 bytes").arg(name).arg(size)));
        }
        QVERIFY(replaceContent(file(name), whole));
        QCOMPARE(refusal(), std::string());
    }
    // Tensors of another shape, and tensors that the teacher does not have.
    const at::Tensor zeros = at::zeros({2, 2});
    for (const char* tensor : {"model.layers.1.self_attn.q_proj.weight", "model.layers.7.mlp.up_proj.weight"}) {
        writeSafetensors(file("weights.safetensors").toStdString(),
                         {{tensor, DType::F32, {2, 2}, zeros.const_data_ptr()}});
        QVERIFY(refusal().find("weights.safetensors") != std::string::npos);
    }
}

void TestHybridFolder::leftoversDoNotDisturb() {
    const QString dead = QStringLiteral("making.99999999-0123abcd.tmp");
    QVERIFY(QDir(folder_->path()).mkpath(dead + "/inner"));
    const TemporaryFolder living(folder_->filePath("making").toStdString());
    RecoveredHybrid other = hybrid_;
    other.plan = planOf("LLL");
    const std::string id = writeHybrid(folder_->path().toStdString(), tiny_.weights, other, kTeacherHash);
    QVERIFY(!QDir(folder_->filePath(dead)).exists());
    QVERIFY(std::filesystem::exists(living.path()));  // somebody else's work
    const std::string path = folder_->filePath(QString::fromStdString(id)).toStdString();
    QCOMPARE(readHybrid(path, tiny_.weights, kTeacherHash).plan.budget(), 0);
}

QTEST_GUILESS_MAIN(TestHybridFolder)
#include "test_hybrid_folder.moc"
