#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include <fmt/format.h>
#include <sys/socket.h>

#include "deploy/curl_library.h"
#include "deploy/transport.h"

namespace ferry::deploy {
namespace {

constexpr std::size_t kMaxFields = 64 << 10;  // bytes of an answer's head

struct Upload {
  ByteView left;
};

struct Download {
  Response response;
  std::uint64_t max = 0;
  std::size_t head = 0;
  bool too_long = false;
};

// Callbacks of C code: no exception may leave them, and none of ours throws except for lack of
// memory.
std::size_t read_body(char* to, std::size_t size, std::size_t count, void* user) noexcept {
  auto& upload = *static_cast<Upload*>(user);
  const std::size_t n = std::min(size * count, upload.left.size());
  std::memcpy(to, upload.left.data(), n);
  upload.left = upload.left.subspan(n);
  return n;
}

std::size_t write_body(char* from, std::size_t size, std::size_t count, void* user) noexcept {
  auto& download = *static_cast<Download*>(user);
  const std::size_t n = size * count;
  if (n > download.max - std::min<std::uint64_t>(download.max, download.response.body.size())) {
    download.too_long = true;
    return 0;  // ends the transfer
  }
  download.response.body.append(from, n);
  return n;
}

std::size_t write_head(char* from, std::size_t size, std::size_t count, void* user) noexcept {
  auto& download = *static_cast<Download*>(user);
  const std::size_t n = size * count;
  download.head += n;
  if (download.head > kMaxFields) {
    download.too_long = true;
    return 0;
  }
  std::string_view line(from, n);
  if (line.starts_with("HTTP/")) {
    download.response.fields.clear();  // after a "100 Continue" comes the real head
    return n;
  }
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) {
    return n;
  }
  std::string name(line.substr(0, colon));
  std::transform(name.begin(), name.end(), name.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  std::string_view value = line.substr(colon + 1);
  const std::size_t first = value.find_first_not_of(" \t\r\n");
  value = first == std::string_view::npos ? "" : value.substr(first);
  value = value.substr(0, value.find_last_not_of(" \t\r\n") + 1);
  download.response.fields.emplace_back(std::move(name), value);
  return n;
}

// libcurl does not say why it has no socket. `failed`: an int.
curl_socket_t open_socket(void* failed, curlsocktype /*purpose*/, curl_sockaddr* address) noexcept {
  const int fd = ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
  if (fd < 0) *static_cast<int*>(failed) = errno;
  return fd < 0 ? CURL_SOCKET_BAD : fd;
}

Error explain(CURLcode code, std::string_view detail, const Request& request) {
  const std::string host = host_of(request.url);
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
      return {Code::kIo, fmt::format("there is no host {}: {}", host, detail),
              "check the address for a typing error"};
    case CURLE_COULDNT_CONNECT:
      return {Code::kIo, fmt::format("{} can't be reached: {}", host, detail),
              "is it running, and is the port right?"};
    case CURLE_OPERATION_TIMEDOUT:
      return {Code::kIo, fmt::format("{} does not answer: {}", host, detail),
              "try again, or look whether it is overloaded"};
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
      return {Code::kDenied, fmt::format("the certificate of {} is not trusted: {}", host, detail),
              "name the authority's certificate with --ca-file FILE (or SSL_CERT_FILE); "
              "--insecure trusts anybody"};
    case CURLE_SSL_CONNECT_ERROR:
      return {Code::kIo, fmt::format("no TLS with {}: {}", host, detail),
              "does that port speak http:// only?"};
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
      return {Code::kUsage, fmt::format("'{}' is not an http or https address", shown(request.url)),
              ""};
    default:
      return {Code::kIo, fmt::format("{} {}: {}", request.method, shown(request.url), detail), ""};
  }
}

bool has_line_break(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos;
}

class CurlTransport final : public Transport {
 public:
  CurlTransport(const CurlLibrary& curl, CURL* handle, TransportOptions options)
      : curl_(curl), handle_(handle), options_(std::move(options)) {}
  CurlTransport(const CurlTransport&) = delete;
  CurlTransport& operator=(const CurlTransport&) = delete;
  ~CurlTransport() override { curl_.cleanup(handle_); }

  Result<Response> send(const Request& request) override {
    curl_slist* list = nullptr;
    auto out = perform(request, &list);
    curl_.free_list(list);
    return out;
  }

 private:
  Result<Response> perform(const Request& request, curl_slist** list) {
    curl_.reset(handle_);  // keeps the connection
    Upload upload{request.body};
    Download download;
    download.max = request.max_answer;
    char detail[CURL_ERROR_SIZE] = "";
    curl_.set(handle_, CURLOPT_ERRORBUFFER, detail);
    curl_.set(handle_, CURLOPT_URL, request.url.c_str());
    FERRY_CHECK_OK(put_fields(request, list));
    put_options();
    put_method(request, &upload);
    if (request.aws) {
      const AwsSignature& aws = *request.aws;
      const std::string scope = fmt::format("aws:amz:{}:{}", aws.region, aws.service);
      curl_.set(handle_, CURLOPT_AWS_SIGV4, scope.c_str());  // libcurl copies texts
      curl_.set(handle_, CURLOPT_USERNAME, aws.key_id.c_str());
      curl_.set(handle_, CURLOPT_PASSWORD, aws.secret.c_str());
    }
    curl_.set(handle_, CURLOPT_WRITEFUNCTION, write_body);
    curl_.set(handle_, CURLOPT_WRITEDATA, &download);
    curl_.set(handle_, CURLOPT_HEADERFUNCTION, write_head);
    curl_.set(handle_, CURLOPT_HEADERDATA, &download);
    int no_socket = 0;
    curl_.set(handle_, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_.set(handle_, CURLOPT_OPENSOCKETDATA, &no_socket);
    const CURLcode code = curl_.perform(handle_);
    if (download.too_long) {
      return Error{Code::kLimit,
                   fmt::format("{} answers with more than {} bytes", host_of(request.url),
                               request.max_answer),
                   ""};
    }
    if (code != CURLE_OK && no_socket != 0 && no_socket != EAFNOSUPPORT) {
      return errno_error("open a connection to " + host_of(request.url), no_socket);
    }
    if (code != CURLE_OK) {
      return explain(code, detail[0] != '\0' ? detail : curl_.text(code), request);
    }
    long status = 0;
    curl_.info(handle_, CURLINFO_RESPONSE_CODE, &status);
    download.response.status = static_cast<int>(status);
    return std::move(download.response);
  }

  Status put_fields(const Request& request, curl_slist** list) {
    std::vector<std::string> lines;
    if (!request.aws) {               // it would be signed, and then not sent
      lines.emplace_back("Expect:");  // no waiting for "100 Continue"
    }
    for (const auto& [name, value] : request.fields) {
      if (has_line_break(name) || has_line_break(value)) {
        return Error{Code::kUsage, fmt::format("the header '{}' holds a line break", shown(name)),
                     ""};
      }
      // Without a value libcurl would drop the field.
      lines.push_back(value.empty() ? name + ";" : fmt::format("{}: {}", name, value));
    }
    for (const std::string& line : lines) {
      curl_slist* longer = curl_.append(*list, line.c_str());
      if (longer == nullptr) {
        return Error{Code::kInternal, "out of memory", ""};
      }
      *list = longer;
    }
    curl_.set(handle_, CURLOPT_HTTPHEADER, *list);
    return Done{};
  }

  void put_options() {
    curl_.set(handle_, CURLOPT_NOSIGNAL, 1L);
    curl_.set(handle_, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_.set(handle_, CURLOPT_FOLLOWLOCATION, 0L);
    curl_.set(handle_, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
    curl_.set(handle_, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    curl_.set(handle_, CURLOPT_USERAGENT, "ferry");
    curl_.set(handle_, CURLOPT_CONNECTTIMEOUT_MS,
              static_cast<long>(options_.connect_timeout.count()));
    curl_.set(handle_, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_.set(handle_, CURLOPT_LOW_SPEED_TIME, static_cast<long>(options_.stall_timeout.count()));
    if (options_.insecure) {
      curl_.set(handle_, CURLOPT_SSL_VERIFYPEER, 0L);
      curl_.set(handle_, CURLOPT_SSL_VERIFYHOST, 0L);
    }
    if (!options_.ca_file.empty()) {
      curl_.set(handle_, CURLOPT_CAINFO, options_.ca_file.c_str());
    }
  }

  void put_method(const Request& request, Upload* upload) {
    const std::string& method = request.method;
    const bool sends =
        !request.body.empty() || method == "PUT" || method == "POST" || method == "PATCH";
    if (method == "HEAD") {
      curl_.set(handle_, CURLOPT_NOBODY, 1L);
    } else if (sends) {
      curl_.set(handle_, CURLOPT_UPLOAD, 1L);
      curl_.set(handle_, CURLOPT_READFUNCTION, read_body);
      curl_.set(handle_, CURLOPT_READDATA, upload);
      curl_.set(handle_, CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    }
    if (method != "HEAD") {
      curl_.set(handle_, CURLOPT_CUSTOMREQUEST, method.c_str());
    }
  }

  const CurlLibrary& curl_;
  CURL* handle_;
  TransportOptions options_;
};

}  // namespace

Result<std::unique_ptr<Transport>> make_transport(const TransportOptions& options) {
  FERRY_TRY(const CurlLibrary* curl, curl_library());
  TransportOptions chosen = options;
  const char* environment = std::getenv("SSL_CERT_FILE");
  if (chosen.ca_file.empty() && environment != nullptr) {
    chosen.ca_file = environment;
  }
  CURL* handle = curl->init();
  if (handle == nullptr) {
    return Error{Code::kInternal, "libcurl can't start a transfer", ""};
  }
  return std::unique_ptr<Transport>(std::make_unique<CurlTransport>(*curl, handle, chosen));
}

}  // namespace ferry::deploy
