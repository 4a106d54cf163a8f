// The lines that a served function leaves, in both forms.
#include "serve/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>

#include "base/file.h"

namespace ferry::serve {
namespace {

using testing::HasSubstr;
using testing::Not;

host::Outcome outcome_of(host::Status status, std::vector<std::string> lines) {
  host::Outcome outcome;
  outcome.status = status;
  outcome.invocation = "i-1";
  outcome.message = "why";
  for (std::string& line : lines) {
    outcome.logs.push_back({WallTime{}, std::move(line)});
  }
  return outcome;
}

std::string written(LogFormat format, const host::Outcome& outcome) {
  const Fd file(::memfd_create("log", 0));
  LogWriter writer(file.get(), format);
  writer.write(outcome, {"orders", "sha256:" + std::string(64, 'a'), {}, "", ""});
  EXPECT_EQ(::lseek(file.get(), 0, SEEK_SET), 0);
  const auto text = read_all(file.get(), 1u << 20, "log");
  EXPECT_TRUE(text.ok());
  return std::string(as_text(*text));
}

TEST(LogWriter, TextLinesHaveAShortDigestAndNoControls) {
  const std::string text =
      written(LogFormat::kText, outcome_of(host::Status::kOk, {"\x1b[2Jforged\rline"}));
  EXPECT_EQ(text, "1970-01-01T00:00:00Z orders i-1 sha256:aaaaaaaaaaaa \\x1b[2Jforged\\x0dline\n");
}

TEST(LogWriter, LevelsSayWhoseFaultItIs) {
  EXPECT_THAT(written(LogFormat::kJson, outcome_of(host::Status::kOk, {"hello"})),
              HasSubstr(R"("level":"info")"));
  EXPECT_THAT(written(LogFormat::kJson, outcome_of(host::Status::kTrapped, {})),
              HasSubstr(R"("level":"error")"));
  EXPECT_THAT(written(LogFormat::kJson, outcome_of(host::Status::kRefused, {})),
              HasSubstr(R"("level":"warn")"));
  host::Outcome cut = outcome_of(host::Status::kOk, {"hello"});
  cut.log_truncated = true;
  EXPECT_THAT(written(LogFormat::kJson, cut), HasSubstr(R"("level":"warn")"));
}

TEST(LogWriter, LinesOfABatchNameTheirRecord) {
  host::Outcome outcome = outcome_of(host::Status::kFailed, {"hello"});
  EXPECT_THAT(written(LogFormat::kJson, outcome), Not(HasSubstr("record")));
  outcome.record = "message-1";
  EXPECT_THAT(written(LogFormat::kJson, outcome), HasSubstr(R"("record":"message-1")"));
  EXPECT_THAT(written(LogFormat::kText, outcome), HasSubstr(" message-1 hello\n"));
}

}  // namespace
}  // namespace ferry::serve
