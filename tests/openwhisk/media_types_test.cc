// Fault D1, by its whole kind: every row of the table that OpenWhisk's controller takes from its
// HTTP library's (akka-http 10.2, MediaTypes), in both directions.
#include "platforms/openwhisk/media_types.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include <gtest/gtest.h>

namespace ferry::platforms::openwhisk {
namespace {

using Rows = std::pair<std::string_view, std::string_view>;  // a type, and its subtypes

constexpr Rows kTextRows[] = {
    {"application",
     "atom+xml base64 javascript json json-patch+json merge-patch+json problem+json "
     "problem+xml rss+xml soap+xml vnd.api+json vnd.google-earth.kml+xml x-latex "
     "x-vrml x-www-form-urlencoded xhtml+xml xml xml-dtd"},
    {"text",
     "asp cache-manifest calendar css csv event-stream html markdown mcf plain "
     "richtext tab-separated-values uri-list vnd.wap.wml vnd.wap.wmlscript x-asm x-c "
     "x-component x-h x-java-source x-pascal x-script x-scriptcsh x-scriptelisp "
     "x-scriptksh x-scriptlisp x-scriptperl x-scriptperl-module x-scriptphyton "
     "x-scriptrexx x-scriptscheme x-scriptsh x-scripttcl x-scripttcsh x-scriptzsh "
     "x-server-parsed-html x-setext x-sgml x-speech x-uuencode x-vcalendar x-vcard xml"},
};
constexpr Rows kByteRows[] = {
    {"application",
     "cbor excel font-woff gnutar grpc+proto java-archive lha lzx mspowerpoint msword "
     "octet-stream pdf postscript vnd.google-earth.kmz vnd.ms-excel "
     "vnd.ms-excel.addin.macroenabled.12 vnd.ms-excel.sheet.binary.macroenabled.12 "
     "vnd.ms-excel.sheet.macroenabled.12 vnd.ms-excel.template.macroenabled.12 "
     "vnd.ms-fontobject vnd.ms-powerpoint vnd.ms-powerpoint.addin.macroenabled.12 "
     "vnd.ms-powerpoint.presentation.macroenabled.12 "
     "vnd.ms-powerpoint.slideshow.macroenabled.12 vnd.ms-word.document.macroenabled.12 "
     "vnd.ms-word.template.macroenabled.12 vnd.oasis.opendocument.chart "
     "vnd.oasis.opendocument.database vnd.oasis.opendocument.formula "
     "vnd.oasis.opendocument.graphics vnd.oasis.opendocument.image "
     "vnd.oasis.opendocument.presentation vnd.oasis.opendocument.spreadsheet "
     "vnd.oasis.opendocument.text vnd.oasis.opendocument.text-master "
     "vnd.oasis.opendocument.text-web "
     "vnd.openxmlformats-officedocument.presentationml.presentation "
     "vnd.openxmlformats-officedocument.presentationml.slide "
     "vnd.openxmlformats-officedocument.presentationml.slideshow "
     "vnd.openxmlformats-officedocument.presentationml.template "
     "vnd.openxmlformats-officedocument.spreadsheetml.sheet "
     "vnd.openxmlformats-officedocument.spreadsheetml.template "
     "vnd.openxmlformats-officedocument.wordprocessingml.document "
     "vnd.openxmlformats-officedocument.wordprocessingml.template x-7z-compressed "
     "x-ace-compressed x-apple-diskimage x-arc-compressed x-bzip x-bzip2 "
     "x-chrome-extension x-compress x-compressed x-debian-package x-dvi "
     "x-font-opentype x-font-truetype x-gtar x-gzip x-rar-compressed "
     "x-redhat-package-manager x-shockwave-flash x-tar x-tex x-texinfo x-x509-ca-cert "
     "x-xpinstall zip"},
    {"audio",
     "aiff basic midi mod mpeg ogg voc vorbis voxware wav webm x-pn-realaudio x-psid "
     "xm"},
    {"font", "woff woff2"},
    {"image",
     "gif jpeg pict png svg+xml tiff webp x-icon x-ms-bmp x-pcx x-pict x-quicktime "
     "x-rgb x-xbitmap x-xpixmap"},
    {"message", "delivery-status http rfc822"},
    {"video",
     "avs-video divx gl mp4 mpeg ogg quicktime webm x-dv x-flv x-motion-jpeg x-ms-asf "
     "x-msvideo x-sgi-movie"},
};

template <typename Check>
int for_each(const Rows& rows, const Check& check) {
  int count = 0;
  for (std::string_view rest = rows.second; !rest.empty(); ++count) {
    const std::size_t end = std::min(rest.find(' '), rest.size());
    check(std::string(rows.first) + "/" + std::string(rest.substr(0, end)));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return count;
}

TEST(OpenWhiskTypes, D1EachRowOfTextIsText) {
  int count = 0;
  for (const Rows& rows : kTextRows) {
    count += for_each(rows, [](const std::string& type) {
      EXPECT_FALSE(is_binary_type(type)) << type;
      EXPECT_FALSE(is_binary_type(type + "; charset=utf-8")) << type;
      // The controller decodes a JSON reply's text like bytes: json alone, not the family.
      EXPECT_EQ(comes_in_base64(type), type == "application/json") << type;
    });
  }
  EXPECT_EQ(count, 61);
}

TEST(OpenWhiskTypes, D1EachRowOfBytesIsBytesWhateverItsCharset) {
  int count = 0;
  for (const Rows& rows : kByteRows) {
    count += for_each(rows, [](const std::string& type) {
      EXPECT_TRUE(is_binary_type(type)) << type;
      EXPECT_TRUE(is_binary_type(type + "; charset=utf-8")) << type;
      EXPECT_TRUE(comes_in_base64(type)) << type;
    });
  }
  EXPECT_EQ(count, 116);
}

}  // namespace
}  // namespace ferry::platforms::openwhisk
