#include "project/kind.h"

#include <algorithm>

#include <fmt/format.h>

namespace ferry::project {
namespace {

const std::vector<Kind>& kinds() {
  static const std::vector<Kind> all{
      {"s3",
       "a change in a bucket of S3",
       {{"bucket", "s3.bucket.name", "example-uploads"},
        {"change", "eventName", "ObjectCreated:Put"},
        {"key", "s3.object.key", "in/photo.jpg"}}},
      {"dynamodb",
       "a change in a table of DynamoDB",
       {{"change", "eventName", "INSERT"},
        {"table", "eventSourceARN", "arn:aws:dynamodb:eu-central-1:123456789012:table/orders"}}},
      {"ses",
       "a mail that SES received",
       {{"from", "ses.mail.source", "ada@example.com"},
        {"subject", "ses.mail.commonHeaders.subject", "Order 17"}}},
      {"github",
       "a webhook of GitHub",
       {{"action", "action", "opened"}, {"repository", "repository.full_name", "example/project"}}},
      {"gitlab",
       "a webhook of GitLab",
       {{"action", "object_kind", "push"},
        {"project", "project.path_with_namespace", "example/project"},
        {"ref", "ref", "refs/heads/main"}}},
      {"stripe",
       "a webhook of Stripe",
       {{"happened", "type", "checkout.session.completed"}, {"object", "data.object.id", "cs_1"}}},
      {"azure-eventgrid",
       "a change of a blob, by Event Grid",
       {{"form", "contentType", "image/jpeg"},
        {"url", "url", "https://uploads.blob.core.windows.net/in/photo.jpg"}}},
      {"google-storage",
       "a change in a bucket of Cloud Storage",
       {{"bucket", "bucket", "example-uploads"}, {"object", "name", "in/photo.jpg"}}},
  };
  return all;
}

std::vector<std::string> steps_of(std::string_view path) {
  std::vector<std::string> out;
  for (;;) {
    const std::size_t dot = path.find('.');
    out.emplace_back(path.substr(0, dot));
    if (dot == std::string_view::npos) return out;
    path.remove_prefix(dot + 1);
  }
}

// Members by name, in the order of the fields; a leaf has none.
struct Tree {
  std::string name;
  std::string_view example;  // of a leaf
  std::vector<Tree> members = {};
};

Tree tree_of(const Kind& kind) {
  Tree top;
  for (const Field& field : kind.fields) {
    Tree* at = &top;
    for (const std::string& step : steps_of(field.path)) {
      auto found = std::ranges::find(at->members, step, &Tree::name);
      if (found == at->members.end()) {
        at->members.push_back({step, {}});
        found = std::prev(at->members.end());
      }
      at = &*found;
    }
    at->example = field.example;
  }
  return top;
}

std::string example_json(const Tree& tree) {
  if (tree.members.empty()) return fmt::format("\"{}\"", tree.example);
  std::string out;
  for (const Tree& member : tree.members) {
    out += fmt::format("{}\"{}\":{}", out.empty() ? "" : ",", member.name, example_json(member));
  }
  return "{" + out + "}";
}

std::string typescript_type(const Tree& tree) {
  if (tree.members.empty()) return "string";
  std::string out;
  for (const Tree& member : tree.members) {
    out += fmt::format("{}{}?: {}", out.empty() ? "" : "; ", member.name, typescript_type(member));
  }
  return "{ " + out + " }";
}

std::string capital(std::string_view name) {
  std::string out(name);
  out[0] = static_cast<char>(out[0] - 'a' + 'A');
  return out;
}

}  // namespace

const Kind* find_kind(std::string_view sample) {
  const auto found = std::ranges::find(kinds(), sample, &Kind::sample);
  return found == kinds().end() ? nullptr : &*found;
}

std::map<std::string, std::string, std::less<>> kind_values(const Kind& kind) {
  std::size_t longest = 0;
  for (const Field& field : kind.fields) longest = std::max(longest, field.name.size());
  std::map<std::string, std::string, std::less<>> out;
  std::string reply;
  for (const Field& field : kind.fields) {
    const std::string steps = fmt::format("\"{}\"", fmt::join(steps_of(field.path), "\", \""));
    const std::string indices = fmt::format("[\"{}\"]", fmt::join(steps_of(field.path), "\"][\""));
    // gofmt has types and values of neighbours begin in one column.
    const std::string name = capital(field.name);
    out["GO_TYPES"] += fmt::format("\t{:<{}} string `json:\"{}\"`\n", name, longest, field.name);
    out["GO_VALUES"] += fmt::format("\t\t{:<{}} at(event, {}),\n", name + ":", longest + 1, steps);
    std::string script = "event";
    for (const std::string& step : steps_of(field.path)) script += "?." + step;
    out["JS_VALUES"] += fmt::format("    {}: {},\n", field.name, script);
    out["PYTHON_VALUES"] += fmt::format("        \"{}\": at(event, {}),\n", field.name, steps);
    out["RUST_VALUES"] += fmt::format("        \"{}\": event{},\n", field.name, indices);
    reply += fmt::format("{}\"{}\":\"{}\"", reply.empty() ? "" : ",", field.name, field.example);
  }
  const Tree tree = tree_of(kind);
  out["TS_TYPE"] = typescript_type(tree);
  out["EXAMPLE"] = example_json(tree);
  out["REPLY"] = "{" + reply + "}";
  out["WHAT"] = kind.what;
  out["FIRST"] = kind.fields.front().name;
  out["GO_FIRST"] = capital(kind.fields.front().name);
  return out;
}

}  // namespace ferry::project
