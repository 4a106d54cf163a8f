// Who may use the page: a browser on this machine that was given its address. Everything else that
// can reach a loopback port - other users, pages of other sites in the same browser, names that
// resolve to 127.0.0.1 - is turned away.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "http/message.h"

namespace ferry::workbench {

class Access {
 public:
  // `address` is where the page is served, HOST:PORT.
  Access(std::string address, Random& random);

  // 32 hexadecimal digits, the first segment of every path.
  const std::string& token() const { return token_; }
  // "http://127.0.0.1:8081/TOKEN/"
  std::string url() const;

  struct Verdict {
    int status = 200;       // or what to answer
    std::string_view why;   // of a refusal
    std::string_view rest;  // of the path, behind the token: "", "events"
  };
  // Borrows from the request. The same answer, 404, for a wrong token and a wrong path.
  Verdict check(const http::Request& request) const;

 private:
  bool is_own_host(std::string_view host) const;

  std::string address_;
  std::string port_;  // ":8081"
  std::string token_;
};

// Whether HOST:PORT is on the loopback interface by its very form.
bool is_loopback(std::string_view address);

}  // namespace ferry::workbench
