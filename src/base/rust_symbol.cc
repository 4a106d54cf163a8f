#include "base/rust_symbol.h"

#include <array>
#include <cstdint>

#include <fmt/format.h>

namespace ferry {
namespace {

constexpr int kDeepest = 100;
constexpr std::size_t kLongestName = 4096;  // back-references can make a short name say anything
constexpr std::size_t kMostSteps = 20'000;

std::string_view basic_type(char tag) {
  switch (tag) {
    case 'a':
      return "i8";
    case 'b':
      return "bool";
    case 'c':
      return "char";
    case 'd':
      return "f64";
    case 'e':
      return "str";
    case 'f':
      return "f32";
    case 'h':
      return "u8";
    case 'i':
      return "isize";
    case 'j':
      return "usize";
    case 'l':
      return "i32";
    case 'm':
      return "u32";
    case 'n':
      return "i128";
    case 'o':
      return "u128";
    case 'p':
      return "_";
    case 's':
      return "i16";
    case 't':
      return "u16";
    case 'u':
      return "()";
    case 'v':
      return "...";
    case 'x':
      return "i64";
    case 'y':
      return "u64";
    case 'z':
      return "!";
    default:
      return "";
  }
}

// Reads and prints at once. Once something is wrong, `bad_` stays and nothing more is printed.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  std::optional<std::string> read() {
    path(true);
    // An instantiating crate may follow, and what a linker added ('.llvm.…').
    return bad_ ? std::nullopt : std::optional(std::move(out_));
  }

 private:
  struct Identifier {
    std::string_view name;
    std::uint64_t number = 0;  // tells those of one name apart
    bool punycode = false;
  };

  class Deeper {
   public:
    explicit Deeper(Reader& reader) : reader_(reader) {
      if (++reader_.depth_ > kDeepest || ++reader_.steps_ > kMostSteps) reader_.fail();
    }
    ~Deeper() { --reader_.depth_; }
    Deeper(const Deeper&) = delete;
    Deeper& operator=(const Deeper&) = delete;

   private:
    Reader& reader_;
  };

  void fail() { bad_ = true; }
  void print(std::string_view words) {
    if (bad_ || silent_ > 0) return;
    if (out_.size() + words.size() > kLongestName) return fail();
    out_ += words;
  }

  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  char next() {
    if (at_ >= text_.size()) {
      fail();
      return '\0';
    }
    return text_[at_++];
  }
  bool take(char c) {
    if (bad_ || peek() != c) return false;
    ++at_;
    return true;
  }

  // Digits and letters up to "_"; "_" alone is 0, and all else is one more than it says.
  std::uint64_t base62() {
    if (take('_')) return 0;
    std::uint64_t value = 0;
    for (char c = next(); c != '_' && !bad_; c = next()) {
      std::uint64_t digit = 0;
      if (c >= '0' && c <= '9') {
        digit = static_cast<std::uint64_t>(c - '0');
      } else if (c >= 'a' && c <= 'z') {
        digit = static_cast<std::uint64_t>(c - 'a') + 10;
      } else if (c >= 'A' && c <= 'Z') {
        digit = static_cast<std::uint64_t>(c - 'A') + 36;
      } else {
        fail();
      }
      if (value > (UINT64_MAX - digit) / 62) fail();
      value = bad_ ? 0 : value * 62 + digit;
    }
    if (value == UINT64_MAX) fail();
    return bad_ ? 0 : value + 1;
  }

  std::uint64_t disambiguator() {
    if (!take('s')) return 0;
    const std::uint64_t value = base62();
    if (value == UINT64_MAX) fail();
    return bad_ ? 0 : value + 1;
  }

  Identifier identifier(bool with_number = true) {
    Identifier out;
    out.number = with_number ? disambiguator() : 0;
    out.punycode = take('u');
    std::size_t size = 0;
    if (peek() < '0' || peek() > '9') fail();
    if (!take('0')) {
      while (peek() >= '0' && peek() <= '9' && size <= text_.size()) {
        size = size * 10 + static_cast<std::size_t>(text_[at_++] - '0');
      }
    }
    take('_');
    if (bad_ || size > text_.size() - at_) {
      fail();
      return {};
    }
    out.name = text_.substr(at_, size);
    at_ += size;
    return out;
  }

  void print_name(const Identifier& id) {
    print(id.punycode ? fmt::format("punycode{{{}}}", id.name) : std::string(id.name));
  }

  // What is at an earlier place in the name, read once more.
  template <typename Read>
  void back_reference(Read read) {
    const std::size_t here = at_ - 1;
    const std::uint64_t place = base62();
    if (bad_ || place >= here) return fail();
    if (silent_ > 0) return;
    const std::size_t after = at_;
    at_ = static_cast<std::size_t>(place);
    read();
    at_ = after;
  }

  void path(bool in_value) {
    const Deeper deeper(*this);
    if (bad_) return;
    switch (next()) {
      case 'C': {
        print_name(identifier());
        return;
      }
      case 'N':
        return nested(in_value);
      case 'M':
        impl_path();
        print("<");
        type();
        return print(">");
      case 'X':
        impl_path();
        print("<");
        type();
        print(" as ");
        path(false);
        return print(">");
      case 'Y':
        print("<");
        type();
        print(" as ");
        path(false);
        return print(">");
      case 'I':
        path(in_value);
        print(in_value ? "::<" : "<");
        list([&] { generic(); });
        return print(">");
      case 'B':
        return back_reference([&] { path(in_value); });
      default:
        return fail();
    }
  }

  void impl_path() {
    ++silent_;
    disambiguator();
    path(false);
    --silent_;
  }

  // Capital letters are namespaces that have no names in the language.
  void nested(bool in_value) {
    const char space = next();
    path(in_value);
    const Identifier id = identifier();
    if (space >= 'A' && space <= 'Z') {
      print("::{");
      print(space == 'C' ? "closure" : space == 'S' ? "shim" : std::string_view(&space, 1));
      if (!id.name.empty()) {
        print(":");
        print_name(id);
      }
      return print(fmt::format("#{}}}", id.number));
    }
    if (space < 'a' || space > 'z') return fail();
    if (!id.name.empty()) {
      print("::");
      print_name(id);
    }
  }

  // Up to "E", with commas between.
  template <typename Read>
  std::size_t list(Read read) {
    std::size_t count = 0;
    for (; !bad_ && !take('E'); ++count) {
      if (count > 0) print(", ");
      read();
    }
    return count;
  }

  void generic() {
    if (take('L')) {
      lifetime(base62());
    } else if (take('K')) {
      constant();
    } else {
      type();
    }
  }

  // 0 is "'_"; others count outwards from the innermost binder.
  void lifetime(std::uint64_t index) {
    if (index == 0) return print("'_");
    if (index > bound_) return fail();
    const std::uint64_t number = bound_ - index;
    print(number < 26 ? fmt::format("'{}", static_cast<char>('a' + number))
                      : fmt::format("'_{}", number));
  }

  template <typename Read>
  void with_binder(Read read) {
    const std::uint64_t count = take('G') ? base62() + 1 : 0;
    if (count > 100) return fail();
    if (count > 0) {
      print("for<");
      for (std::uint64_t i = 0; i < count; ++i) {
        ++bound_;
        if (i > 0) print(", ");
        lifetime(1);
      }
      print("> ");
    }
    read();
    bound_ -= count;
  }

  void type() {
    const Deeper deeper(*this);
    if (bad_) return;
    const char tag = next();
    if (const std::string_view name = basic_type(tag); !name.empty()) return print(name);
    switch (tag) {
      case 'R':
      case 'Q':
        print("&");
        if (take('L')) {
          if (const std::uint64_t index = base62(); index != 0) {
            lifetime(index);
            print(" ");
          }
        }
        print(tag == 'Q' ? "mut " : "");
        return type();
      case 'P':
      case 'O':
        print(tag == 'P' ? "*const " : "*mut ");
        return type();
      case 'A':
        print("[");
        type();
        print("; ");
        constant();
        return print("]");
      case 'S':
        print("[");
        type();
        return print("]");
      case 'T':
        print("(");
        print(list([&] { type(); }) == 1 ? ",)" : ")");
        return;
      case 'F':
        return with_binder([&] { function_type(); });
      case 'D':
        print("dyn ");
        with_binder([&] { bounds(); });
        if (!take('L')) return fail();
        if (const std::uint64_t index = base62(); index != 0) {
          print(" + ");
          lifetime(index);
        }
        return;
      case 'B':
        return back_reference([&] { type(); });
      default:
        --at_;
        return path(false);
    }
  }

  void function_type() {
    if (take('U')) print("unsafe ");
    if (take('K')) {
      std::string abi = "C";
      if (!take('C')) {
        abi = identifier(false).name;
        for (char& c : abi) c = c == '_' ? '-' : c;
      }
      print(fmt::format("extern \"{}\" ", abi));
    }
    print("fn(");
    list([&] { type(); });
    print(")");
    if (take('u')) return;  // returns nothing
    print(" -> ");
    type();
  }

  void bounds() {
    for (std::size_t count = 0; !bad_ && !take('E'); ++count) {
      if (count > 0) print(" + ");
      dyn_trait();
    }
  }

  // A path whose generic arguments stay open for the associated types behind it.
  void dyn_trait() {
    const bool open = peek() == 'I';
    if (open) {
      ++at_;
      path(false);
      print("<");
      list([&] { generic(); });
    } else {
      path(false);
    }
    bool first = !open;
    while (take('p')) {
      print(first ? "<" : ", ");
      first = false;
      print_name(identifier(false));
      print(" = ");
      type();
    }
    if (open || !first) print(">");
  }

  void constant() {
    const Deeper deeper(*this);
    if (bad_) return;
    if (take('p')) return print("_");
    if (take('B')) return back_reference([&] { constant(); });
    const char tag = next();
    if (basic_type(tag).empty()) return fail();
    const bool negative = take('n');
    std::string digits;
    for (char c = next(); c != '_' && !bad_; c = next()) {
      if (digits.size() > 32) return fail();
      digits += c;
    }
    std::uint64_t value = 0;
    for (char c : digits) {
      const bool number = c >= '0' && c <= '9';
      if (!number && (c < 'a' || c > 'f')) return fail();
      value = value * 16 + static_cast<std::uint64_t>(number ? c - '0' : c - 'a' + 10);
    }
    if (tag == 'b') return print(value == 1 ? "true" : "false");
    if (digits.size() > 16) return print(fmt::format("{}0x{}", negative ? "-" : "", digits));
    if (tag == 'c') return print(fmt::format("'\\u{{{:x}}}'", value));
    print(fmt::format("{}{}", negative ? "-" : "", value));
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::string out_;
  int depth_ = 0;
  std::size_t steps_ = 0;
  int silent_ = 0;
  std::uint64_t bound_ = 0;  // lifetimes that are bound where we are
  bool bad_ = false;
};

}  // namespace

std::optional<std::string> read_rust_symbol(std::string_view symbol) {
  constexpr std::string_view kPrefix = "_R";
  if (!symbol.starts_with(kPrefix) || symbol.size() < 4) return std::nullopt;
  symbol.remove_prefix(kPrefix.size());
  return Reader(symbol).read();
}

}  // namespace ferry
