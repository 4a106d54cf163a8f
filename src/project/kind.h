// Kinds of events whose data have a form of their own, so that `ferry new --event KIND` starts from
// a handler of that form. Data of all others (a queue's message, a request's body) are whatever
// their sender makes them.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ferry::project {

// A string in the data that a handler of this kind starts with.
struct Field {
  std::string_view name;     // in the reply: lower-case letters
  std::string_view path;     // of members, with dots: "s3.bucket.name"
  std::string_view example;  // nothing in it has to be escaped in JSON
};

struct Kind {
  std::string_view sample;    // its name
  std::string_view what;      // "a change in a bucket of S3"
  std::vector<Field> fields;  // by name, as some languages' JSON has them; all have the first
};

// Null: data of this sample are its sender's own.
const Kind* find_kind(std::string_view sample);

// What the templates of a kind (templates/LANGUAGE-event) are filled with, by placeholder: in each
// language's own syntax a piece for each field.
std::map<std::string, std::string, std::less<>> kind_values(const Kind& kind);

}  // namespace ferry::project
