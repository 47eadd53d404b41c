// Chat forms of the model families, without a Jinja interpreter: a template is recognised by what it contains.
// Pure functions; any thread.
#pragma once

#include <string>
#include <string_view>

namespace fm {

// The family name that wrapChat() (tokenizer.h) takes; "" for a template of no known family.
//   "smollm2"   ChatML with SmolLM2's default system prompt
//   "qwen2"     ChatML with "You are a helpful assistant." (Qwen2, Qwen2.5 base models)
//   "qwen2.5"   ChatML with Qwen2.5-Instruct's default system prompt
//   "qwen3"     ChatML without system prompt; thinking switched off as enable_thinking=false does
//   "chatml"    ChatML without system prompt: every other template of that form
//   "llama3"    Llama 3.0
//   "llama3.1"  Llama 3.1 to 3.3: a system turn with the dates, today's being the templates' own fallback, 26 Jul 2024
std::string chatFamilyOf(std::string_view jinja_template);

// The token that ends the assistant's turn; "" for family "".
std::string chatEndOfTurn(std::string_view chat_family);

}  // namespace fm
