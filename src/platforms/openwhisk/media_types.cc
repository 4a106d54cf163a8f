#include "platforms/openwhisk/media_types.h"

#include <algorithm>
#include <array>
#include <string>

#include "base/lower_case.h"
#include "event/content_type.h"

namespace ferry::platforms::openwhisk {
namespace {

// The library's rows that are text.
constexpr std::array<std::string_view, 61> kText{
    "application/atom+xml",
    "application/base64",
    "application/javascript",
    "application/json",
    "application/json-patch+json",
    "application/merge-patch+json",
    "application/problem+json",
    "application/problem+xml",
    "application/rss+xml",
    "application/soap+xml",
    "application/vnd.api+json",
    "application/vnd.google-earth.kml+xml",
    "application/x-latex",
    "application/x-vrml",
    "application/x-www-form-urlencoded",
    "application/xhtml+xml",
    "application/xml",
    "application/xml-dtd",
    "text/asp",
    "text/cache-manifest",
    "text/calendar",
    "text/css",
    "text/csv",
    "text/event-stream",
    "text/html",
    "text/markdown",
    "text/mcf",
    "text/plain",
    "text/richtext",
    "text/tab-separated-values",
    "text/uri-list",
    "text/vnd.wap.wml",
    "text/vnd.wap.wmlscript",
    "text/x-asm",
    "text/x-c",
    "text/x-component",
    "text/x-h",
    "text/x-java-source",
    "text/x-pascal",
    "text/x-script",
    "text/x-scriptcsh",
    "text/x-scriptelisp",
    "text/x-scriptksh",
    "text/x-scriptlisp",
    "text/x-scriptperl",
    "text/x-scriptperl-module",
    "text/x-scriptphyton",
    "text/x-scriptrexx",
    "text/x-scriptscheme",
    "text/x-scriptsh",
    "text/x-scripttcl",
    "text/x-scripttcsh",
    "text/x-scriptzsh",
    "text/x-server-parsed-html",
    "text/x-setext",
    "text/x-sgml",
    "text/x-speech",
    "text/x-uuencode",
    "text/x-vcalendar",
    "text/x-vcard",
    "text/xml",
};

// Its rows that are bytes. They matter only beside a charset: without one, all else is bytes too.
// Audio, images and video are below, by their subtypes.
constexpr std::array<std::string_view, 68> kBytes{
    "cbor",
    "excel",
    "font-woff",
    "gnutar",
    "grpc+proto",
    "java-archive",
    "lha",
    "lzx",
    "mspowerpoint",
    "msword",
    "octet-stream",
    "pdf",
    "postscript",
    "vnd.google-earth.kmz",
    "vnd.ms-excel",
    "vnd.ms-excel.addin.macroenabled.12",
    "vnd.ms-excel.sheet.binary.macroenabled.12",
    "vnd.ms-excel.sheet.macroenabled.12",
    "vnd.ms-excel.template.macroenabled.12",
    "vnd.ms-fontobject",
    "vnd.ms-powerpoint",
    "vnd.ms-powerpoint.addin.macroenabled.12",
    "vnd.ms-powerpoint.presentation.macroenabled.12",
    "vnd.ms-powerpoint.slideshow.macroenabled.12",
    "vnd.ms-word.document.macroenabled.12",
    "vnd.ms-word.template.macroenabled.12",
    "vnd.oasis.opendocument.chart",
    "vnd.oasis.opendocument.database",
    "vnd.oasis.opendocument.formula",
    "vnd.oasis.opendocument.graphics",
    "vnd.oasis.opendocument.image",
    "vnd.oasis.opendocument.presentation",
    "vnd.oasis.opendocument.spreadsheet",
    "vnd.oasis.opendocument.text",
    "vnd.oasis.opendocument.text-master",
    "vnd.oasis.opendocument.text-web",
    "vnd.openxmlformats-officedocument.presentationml.presentation",
    "vnd.openxmlformats-officedocument.presentationml.slide",
    "vnd.openxmlformats-officedocument.presentationml.slideshow",
    "vnd.openxmlformats-officedocument.presentationml.template",
    "vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "vnd.openxmlformats-officedocument.spreadsheetml.template",
    "vnd.openxmlformats-officedocument.wordprocessingml.document",
    "vnd.openxmlformats-officedocument.wordprocessingml.template",
    "x-7z-compressed",
    "x-ace-compressed",
    "x-apple-diskimage",
    "x-arc-compressed",
    "x-bzip",
    "x-bzip2",
    "x-chrome-extension",
    "x-compress",
    "x-compressed",
    "x-debian-package",
    "x-dvi",
    "x-font-opentype",
    "x-font-truetype",
    "x-gtar",
    "x-gzip",
    "x-rar-compressed",
    "x-redhat-package-manager",
    "x-shockwave-flash",
    "x-tar",
    "x-tex",
    "x-texinfo",
    "x-x509-ca-cert",
    "x-xpinstall",
    "zip",
};
constexpr std::array<std::string_view, 48> kMediaBytes{
    "audio/aiff",
    "audio/basic",
    "audio/midi",
    "audio/mod",
    "audio/mpeg",
    "audio/ogg",
    "audio/voc",
    "audio/vorbis",
    "audio/voxware",
    "audio/wav",
    "audio/webm",
    "audio/x-pn-realaudio",
    "audio/x-psid",
    "audio/xm",
    "font/woff",
    "font/woff2",
    "image/gif",
    "image/jpeg",
    "image/pict",
    "image/png",
    "image/svg+xml",
    "image/tiff",
    "image/webp",
    "image/x-icon",
    "image/x-ms-bmp",
    "image/x-pcx",
    "image/x-pict",
    "image/x-quicktime",
    "image/x-rgb",
    "image/x-xbitmap",
    "image/x-xpixmap",
    "message/delivery-status",
    "message/http",
    "message/rfc822",
    "video/avs-video",
    "video/divx",
    "video/gl",
    "video/mp4",
    "video/mpeg",
    "video/ogg",
    "video/quicktime",
    "video/webm",
    "video/x-dv",
    "video/x-flv",
    "video/x-motion-jpeg",
    "video/x-ms-asf",
    "video/x-msvideo",
    "video/x-sgi-movie",
};

bool is_row_of_bytes(const std::string& type, const std::string& subtype) {
  if (type == "multipart") {
    return true;
  }
  return type == "application"
             ? std::ranges::find(kBytes, subtype) != kBytes.end()
             : std::ranges::find(kMediaBytes, type + "/" + subtype) != kMediaBytes.end();
}

// Whether its only parameter, if it has any, is the charset.
bool has_charset_alone(std::string_view content_type, std::string_view charset) {
  const std::size_t first = content_type.find(';');
  if (first == std::string_view::npos) {
    return true;
  }
  return !charset.empty() && content_type.find(';', first + 1) == std::string_view::npos;
}

}  // namespace

bool is_binary_type(std::string_view content_type) {
  const auto parsed = event::parse_content_type(content_type);
  if (!parsed) {
    return true;
  }
  const std::string type = lower_case(parsed->type);
  const std::string subtype = lower_case(parsed->subtype);
  if (std::ranges::find(kText, type + "/" + subtype) != kText.end()) {
    return false;
  }
  return parsed->charset.empty() || is_row_of_bytes(type, subtype);
}

bool comes_in_base64(std::string_view content_type) {
  const auto parsed = event::parse_content_type(content_type);
  return is_binary_type(content_type) ||
         (is_json_family(content_type) && event::same_word(parsed->type, "application") &&
          event::same_word(parsed->subtype, "json"));
}

bool is_json_family(std::string_view content_type) {
  const auto parsed = event::parse_content_type(content_type);
  if (!parsed || !has_charset_alone(content_type, parsed->charset)) {
    return false;
  }
  const std::string subtype = lower_case(parsed->subtype);
  return (event::same_word(parsed->type, "application") && subtype == "json") ||
         subtype.ends_with("+json");
}

}  // namespace ferry::platforms::openwhisk
