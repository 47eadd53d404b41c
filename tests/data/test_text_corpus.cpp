// Reading, tokenising in pieces, and splitting off the held-out part.
#include <QDir>
#include <QElapsedTimer>
#include <QFile>
#include <QFileInfo>
#include <QTemporaryDir>
#include <QTest>

#include <set>

#include "core/base/error.h"
#include "core/data/corpus_files.h"
#include "tests/data/data_fixture.h"

using namespace fm;

namespace {

std::string write(const QTemporaryDir& folder, const QString& name, const QByteArray& bytes) {
    QFile file(folder.filePath(name));
    if (!file.open(QIODevice::WriteOnly) || file.write(bytes) != bytes.size()) qFatal("cannot write");
    return folder.filePath(name).toStdString();
}

QByteArray fixtureText(const char* name) {
    QFile file(QString::fromStdString(test::dataFixture(name)));
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

std::vector<TokenId> all(const TextCorpus& corpus) {
    std::vector<TokenId> ids(corpus.tokens(TextCorpus::Part::Train).begin(),
                             corpus.tokens(TextCorpus::Part::Train).end());
    const std::span<const TokenId> rest = corpus.tokens(TextCorpus::Part::HeldOut);
    ids.insert(ids.end(), rest.begin(), rest.end());
    return ids;
}

}  // namespace

class TestTextCorpus : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void readsFilesInNameOrder();
    void documentsAreJoinedByEndOfText();
    void piecesEqualTheWhole_data();
    void piecesEqualTheWhole();
    void holdsOutWholeDocuments();
    void cutsOneLongDocumentAtALineBreak();
    void windowsAreSeededAndWrap();
    void specialTokensInTextStayLetters();
    void badInputIsRefused_data();
    void badInputIsRefused();
    void keptTokensAreUsed();
    void keysTellTextsAndTokenizersApart();
    void damagedCachesAreIgnoredAndRewritten();
    void fewCachesAreKept();
    void loadSpeed();
};

void TestTextCorpus::readsFilesInNameOrder() {
    QStringList first_words;
    const std::int64_t documents = forEachDocument(test::dataFixture("text"), [&](std::string_view text) {
        first_words << QString::fromUtf8(text.data(), static_cast<qsizetype>(text.size())).section(' ', 0, 4);
    });
    QCOMPARE(documents, 5);
    QCOMPARE(first_words,
             QStringList({"The keeper of the northern", "There were forty trees in", "A short note on bridges.",
                          "A short note on ladders.", "A short note on maps."}));
}

void TestTextCorpus::documentsAreJoinedByEndOfText() {
    const std::shared_ptr<const Tokenizer> tokenizer = test::tokenizer("smollm");
    const std::shared_ptr<const TextCorpus> corpus = TextCorpus::load(test::dataFixture("text"), *tokenizer, 0);
    QCOMPARE(corpus->numTokens(TextCorpus::Part::HeldOut), 0);
    const QByteArray text = QByteArray::fromStdString(tokenizer->decode(all(*corpus)));
    const QByteArray expected = fixtureText("text/a_lighthouse.txt") + "<|endoftext|>" +
                                fixtureText("text/b_orchard.txt") + "<|endoftext|>A short note on bridges.";
    QVERIFY(text.startsWith(expected));
    QCOMPARE(text.count("<|endoftext|>"), 4);
    QVERIFY(text.endsWith("had taken over the café.\n"));
}

void TestTextCorpus::piecesEqualTheWhole_data() {
    QTest::addColumn<QString>("splitter");
    QTest::newRow("smollm") << "smollm";
    QTest::newRow("qwen2") << "qwen2";
}

// More than two pieces, cut among blank lines, indented lines and runs of stops.
void TestTextCorpus::piecesEqualTheWhole() {
    QFETCH(QString, splitter);
    QByteArray text;
    for (int i = 0; text.size() < 700000; ++i) {
        text += fixtureText("text/a_lighthouse.txt");
        text +=
            QByteArray(i % 4, '\n') + QByteArray(i % 3, ' ') + (i % 2 ? "...\n\n  two  blanks\t" : "9 lives!\r\n'tis ");
    }
    const QTemporaryDir folder;
    const std::shared_ptr<const Tokenizer> tokenizer = test::tokenizer(splitter.toStdString());
    const std::shared_ptr<const TextCorpus> corpus = TextCorpus::load(write(folder, "long.txt", text), *tokenizer, 0);
    QVERIFY(all(*corpus) == tokenizer->encodeOrdinary(text.toStdString()));
}

void TestTextCorpus::holdsOutWholeDocuments() {
    const std::shared_ptr<const Tokenizer> tokenizer = test::tokenizer("smollm");
    const QTemporaryDir folder;
    for (int i = 0; i < 20; ++i)
        write(folder, QString("%1.txt").arg(i, 2, 10, QChar('0')),
              "Number " + QByteArray::number(i) + ". " + QByteArray(200, 'x'));
    const std::shared_ptr<const TextCorpus> corpus = TextCorpus::load(folder.path().toStdString(), *tokenizer, 0.1);
    const std::span<const TokenId> held_out = corpus->tokens(TextCorpus::Part::HeldOut);
    const std::string text = tokenizer->decode({held_out.begin(), held_out.end()});
    QVERIFY2(text.starts_with("Number 18. ") || text.starts_with("Number 17. "), text.substr(0, 20).c_str());
    QVERIFY(text.find("Number 19. ") != std::string::npos);
}

void TestTextCorpus::cutsOneLongDocumentAtALineBreak() {
    const std::shared_ptr<const Tokenizer> tokenizer = test::tokenizer("smollm");
    const std::shared_ptr<const TextCorpus> corpus =
        TextCorpus::load(test::dataFixture("text/a_lighthouse.txt"), *tokenizer, 0.2);
    const auto total = static_cast<double>(all(*corpus).size());
    const double share = static_cast<double>(corpus->numTokens(TextCorpus::Part::HeldOut)) / total;
    QVERIFY2(share > 0.1 && share <= 0.2, qPrintable(QString::number(share)));
    const std::span<const TokenId> train = corpus->tokens(TextCorpus::Part::Train);
    QVERIFY(tokenizer->tokenBytes(train.back()).find('\n') != std::string::npos);
}

void TestTextCorpus::windowsAreSeededAndWrap() {
    const std::shared_ptr<const Tokenizer> tokenizer = test::tokenizer("smollm");
    const std::shared_ptr<const TextCorpus> corpus = TextCorpus::load(test::dataFixture("text"), *tokenizer, 0.3);
    const auto part = TextCorpus::Part::Train;
    const std::vector<TokenId> window = corpus->window(part, 1, 50);
    QCOMPARE(corpus->window(part, 1, 50), window);
    QVERIFY(corpus->window(part, 2, 50) != window);
    const auto size = static_cast<std::int32_t>(corpus->numTokens(part));
    const std::vector<TokenId> twice = corpus->window(part, 1, 2 * size);
    QVERIFY(std::equal(twice.begin(), twice.begin() + size, twice.begin() + size));
    const std::span<const TokenId> tokens = corpus->tokens(part);
    QVERIFY(std::search(twice.begin(), twice.end(), tokens.begin(), tokens.end()) != twice.end());
}

void TestTextCorpus::specialTokensInTextStayLetters() {
    const std::shared_ptr<const Tokenizer> tokenizer = test::tokenizer("smollm");
    const QTemporaryDir folder;
    const std::shared_ptr<const TextCorpus> corpus =
        TextCorpus::load(write(folder, "evil.txt", "before <|im_end|> after"), *tokenizer, 0);
    for (TokenId id : corpus->tokens(TextCorpus::Part::Train)) QVERIFY(!tokenizer->isSpecial(id));
}

void TestTextCorpus::badInputIsRefused_data() {
    QTest::addColumn<QString>("name");
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<QString>("said");
    QTest::newRow("empty text") << "a.txt" << QByteArray() << "a .txt or .jsonl file";
    QTest::newRow("other kind only") << "a.pdf" << QByteArray("text") << "a .txt or .jsonl file";
    QTest::newRow("not json") << "a.jsonl" << QByteArray("{\"text\": \"a\"}\n{\"text\": ") << "line 2";
    QTest::newRow("no text") << "a.jsonl" << QByteArray("{\"content\": \"a\"}\n") << "line 1";
    QTest::newRow("text is a number") << "a.jsonl" << QByteArray("\n{\"text\": 3}\n") << "line 2";
    QTest::newRow("array") << "a.jsonl" << QByteArray("[1]\n") << "line 1";
    QTest::newRow("deeply nested") << "a.jsonl" << QByteArray(200000, '[') << "line 1";
    QTest::newRow("broken utf-8") << "a.jsonl" << QByteArray("{\"text\": \"\xff\xfe\"}") << "line 1";
}

void TestTextCorpus::badInputIsRefused() {
    QFETCH(QString, name);
    QFETCH(QByteArray, bytes);
    QFETCH(QString, said);
    const QTemporaryDir folder;
    write(folder, name, bytes);
    QString message;
    try {
        TextCorpus::load(folder.path().toStdString(), *test::tokenizer("smollm"));
    } catch (const InputError& error) {
        message = QString::fromStdString(error.problems().at(0).allowed);
    } catch (const FormatError& error) {
        message = error.what();
        QVERIFY(message.contains(name));
    }
    QVERIFY2(message.contains(said), qPrintable(message));
    QVERIFY_THROWS_EXCEPTION(InputError, TextCorpus::load("/no/such/folder", *test::tokenizer("smollm")));
}

void TestTextCorpus::keptTokensAreUsed() {
    const QTemporaryDir folder;
    const TokenCache cache(folder.filePath("a/b").toStdString());
    const std::shared_ptr<const Tokenizer> tokenizer = test::tokenizer("smollm");
    const std::string text = test::dataFixture("text");
    const std::shared_ptr<const TextCorpus> plain = TextCorpus::load(text, *tokenizer, 0.2);
    for (int time = 0; time < 2; ++time) {  // written, then read
        const std::shared_ptr<const TextCorpus> corpus = TextCorpus::load(text, *tokenizer, cache, 0.2);
        QCOMPARE(all(*corpus), all(*plain));
        QCOMPARE(corpus->numTokens(TextCorpus::Part::HeldOut), plain->numTokens(TextCorpus::Part::HeldOut));
    }
    // Other tokens under the same key come back as they are: nothing was tokenised.
    const std::string key = TokenCache::keyOf(text, *tokenizer);
    cache.keep(key, {{5, 6, 7}, {0, 2}});
    QCOMPARE(all(*TextCorpus::load(text, *tokenizer, cache, 0)), (std::vector<TokenId>{5, 6, 7}));
    // No place for a cache, or none that can be written: as without.
    QCOMPARE(all(*TextCorpus::load(text, *tokenizer, TokenCache(""), 0.2)), all(*plain));
    QCOMPARE(all(*TextCorpus::load(text, *tokenizer, TokenCache("/proc/no/such"), 0.2)), all(*plain));
}

void TestTextCorpus::keysTellTextsAndTokenizersApart() {
    const QTemporaryDir folder;
    const std::shared_ptr<const Tokenizer> smollm = test::tokenizer("smollm");
    const std::string path = folder.path().toStdString();
    std::set<std::string> keys;
    const auto differs = [&] { return keys.insert(TokenCache::keyOf(path, *smollm)).second; };
    write(folder, "a.txt", "one two");
    QVERIFY(differs());
    QVERIFY(!differs());
    write(folder, "a.txt", "one twp");  // same size, maybe the same time
    QVERIFY(differs());
    write(folder, "b.txt", "");
    QVERIFY(differs());
    write(folder, "b.txt", "one");
    write(folder, "a.txt", " twp");
    QVERIFY(differs());
    QVERIFY(QFile::rename(folder.filePath("b.txt"), folder.filePath("b.jsonl")));
    QVERIFY(differs());
    keys.insert(TokenCache::keyOf(path, *test::tokenizer("qwen2")));
    QCOMPARE(keys.size(), std::size_t(6));
    QVERIFY(smollm->contentHash() == test::tokenizer("smollm")->contentHash());
}

void TestTextCorpus::damagedCachesAreIgnoredAndRewritten() {
    const QTemporaryDir folder;
    const TokenCache cache(folder.path().toStdString());
    const std::shared_ptr<const Tokenizer> tokenizer = test::tokenizer("smollm");
    const std::string text = test::dataFixture("text/a_lighthouse.txt");
    const std::vector<TokenId> expected = all(*TextCorpus::load(text, *tokenizer, cache, 0));
    const std::string key = TokenCache::keyOf(text, *tokenizer);
    const std::int64_t vocab = tokenizer->vocabSize();
    QFile file(QString::fromStdString(cache.fileOf(key)));
    QVERIFY(file.open(QIODevice::ReadOnly));
    const QByteArray good = file.readAll();
    file.close();
    QList<QByteArray> bad{"", "x", good + "x", good.left(40), QByteArray(good.size(), '\xff')};
    for (qsizetype cut = 0; cut < good.size(); cut += good.size() / 17) bad << good.left(cut);
    for (qsizetype at = 0; at < good.size(); at += 1 + good.size() / 97) {
        QByteArray flipped = good;
        flipped[at] = static_cast<char>(flipped[at] ^ 0x40);
        bad << flipped;
    }
    for (const QByteArray& bytes : bad) {
        write(folder, QFileInfo(file).fileName(), bytes);
        QVERIFY(!cache.find(key, vocab));
    }
    QCOMPARE(all(*TextCorpus::load(text, *tokenizer, cache, 0)), expected);
    QVERIFY(cache.find(key, vocab).has_value());
    // Well written, and yet no text of this tokenizer.
    for (const TokenisedText& wrong :
         {TokenisedText{{1, -1}, {0}}, TokenisedText{{1, TokenId(vocab)}, {0}}, TokenisedText{{1, 2}, {}},
          TokenisedText{{1, 2}, {1}}, TokenisedText{{1, 2}, {0, 2, 1}}, TokenisedText{{1, 2}, {0, 3}}}) {
        cache.keep(key, wrong);
        QVERIFY(!cache.find(key, vocab));
    }
    QVERIFY(QFile::remove(file.fileName()) && QDir().mkdir(file.fileName()));
    QVERIFY(!cache.find(key, vocab));
    QCOMPARE(all(*TextCorpus::load(text, *tokenizer, cache, 0)), expected);
}

void TestTextCorpus::fewCachesAreKept() {
    const QTemporaryDir folder;
    const TokenCache cache(folder.path().toStdString());
    for (int i = 0; i < 12; ++i) {
        cache.keep(std::to_string(i), {{i}, {0}});
        QTest::qSleep(10);  // times of files are coarse
    }
    QCOMPARE(QDir(folder.path()).entryList(QDir::Files).size(), 8);
    QVERIFY(cache.find("11", 100).has_value() && !cache.find("0", 100));
}

// Prints the speed; a book of 4.5 MB is meant to load within 1.5 s.
void TestTextCorpus::loadSpeed() {
    QByteArray text;
    while (text.size() < 2000000) text += fixtureText("text/a_lighthouse.txt") + fixtureText("text/b_orchard.txt");
    const QTemporaryDir folder;
    const std::string path = write(folder, "big.txt", text);
    const std::shared_ptr<const Tokenizer> tokenizer = test::tokenizer("smollm");
    QElapsedTimer timer;
    timer.start();
    const std::shared_ptr<const TextCorpus> corpus = TextCorpus::load(path, *tokenizer);
    const double seconds = static_cast<double>(timer.nsecsElapsed()) * 1e-9;
    qInfo("%.1f MB/s, %.2f Mtok/s", static_cast<double>(text.size()) * 1e-6 / seconds,
          static_cast<double>(all(*corpus).size()) * 1e-6 / seconds);
    QVERIFY(static_cast<double>(text.size()) / seconds > 2e5);
}

QTEST_GUILESS_MAIN(TestTextCorpus)
#include "test_text_corpus.moc"
