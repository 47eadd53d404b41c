// flashmorph tokenize MODEL: token ids of a text, as the model's own tokenizer gives them.
#include <cstdio>
#include <memory>

#include <nlohmann/json.hpp>

#include "app/cli/output.h"
#include "app/cli/verbs.h"
#include "core/base/error.h"
#include "core/formats/tokenizer.h"

namespace fm::cli {

namespace {

struct TokenizeOptions {
    std::string model;
    std::string text;
    CLI::Option* text_given = nullptr;
};

// Every byte of standard input, a final line end included.
std::string readStandardInput() {
    std::string text;
    char buffer[1 << 16];
    while (const std::size_t count = std::fread(buffer, 1, sizeof buffer, stdin)) text.append(buffer, count);
    if (std::ferror(stdin)) throw WorldError("standard input: cannot be read; give the text with --text");
    return text;
}

int tokenize(const GlobalOptions& global, const TokenizeOptions& options) {
    const std::shared_ptr<const Tokenizer> tokenizer = Tokenizer::open(options.model);
    const std::string text = options.text_given->count() ? options.text : readStandardInput();
    const std::vector<TokenId> ids = tokenizer->encode(text);
    std::string line;
    for (const TokenId id : ids) line += (line.empty() ? "" : " ") + std::to_string(id);
    printResult(global, {{"ids", ids}}, line + "\n");
    return kExitDone;
}

}  // namespace

void addTokenizeVerb(CLI::App& app, CliContext& cli) {
    CLI::App* verb =
        app.add_subcommand("tokenize", "token ids of a text; special tokens in it are recognised, none is added");
    const auto options = std::make_shared<TokenizeOptions>();
    verb->add_option("MODEL", options->model, "model folder, tokenizer.json or .gguf file")->required();
    options->text_given = verb->add_option("--text", options->text, "the text; without it, standard input is read");
    verb->callback([&cli, options] { cli.action = [&cli, options] { return tokenize(cli.global, *options); }; });
}

}  // namespace fm::cli
