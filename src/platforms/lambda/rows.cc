#include "platforms/lambda/rows.h"

#include <algorithm>

#include <fmt/format.h>

namespace ferry::platforms::lambda {
namespace {

ReplyKind reply_of(std::string_view word) {
  if (word == "list") {
    return ReplyKind::kArray;
  }
  if (word == "batch") {
    return ReplyKind::kBatch;
  }
  return word == "ordered" ? ReplyKind::kOrdered : ReplyKind::kJson;
}

Row laid_over(Row row, const EventRow& own) {
  row.name = own.name;
  auto put = [](std::string_view& field, const std::optional<std::string>& said) {
    if (said) {
      field = *said;
    }
  };
  put(row.when, own.when);
  put(row.each, own.each);
  put(row.type, own.type);
  put(row.source, own.source);
  put(row.id, own.id);
  put(row.subject, own.subject);
  put(row.time, own.time);
  put(row.data, own.data);
  put(row.item, own.item);
  row.own_attributes = own.attributes.empty() ? row.own_attributes : &own.attributes;
  if (own.reply) {
    row.reply = reply_of(*own.reply);
  }
  return row;
}

}  // namespace

Result<std::vector<Row>> rows_of(const Settings& settings) {
  const std::span<const Row> ours = table();
  std::vector<Row> rows(ours.begin(), ours.end());
  std::vector<Row> first;
  for (const EventRow& own : settings.events) {
    auto same = std::find_if(rows.begin(), rows.end(),
                             [&](const Row& row) { return row.name == own.name; });
    if (own.when) {
      first.push_back(laid_over(same == rows.end() ? fallback_row() : *same, own));
      if (same == rows.end() && !own.type) {
        first.back().type = "";  // com.amazonaws. and its name
      }
    } else if (same != rows.end()) {
      *same = laid_over(*same, own);
    } else {
      return Error{Code::kInvalid,
                   fmt::format("[[lambda.event]] '{}': 'when' is missing", own.name),
                   "no row of ferry's has this name, so it has to say which input it is for"};
    }
  }
  rows.insert(rows.begin(), first.begin(), first.end());
  return rows;
}

}  // namespace ferry::platforms::lambda
