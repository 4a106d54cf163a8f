// Exchanges events.json with `ferry serve` through the CloudEvents SDK for Java.
//
//     java -cp 'lib/*' Client.java URL events.json
//
// The SDK writes and reads header values as they are, without percent-encoding (HTTP binding, 3.1.3.2).
// So in binary mode headers are encoded behind it and decoded before it; all else is the SDK's. It has no
// batches for HTTP.
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.cloudevents.CloudEvent;
import io.cloudevents.core.builder.CloudEventBuilder;
import io.cloudevents.http.HttpMessageFactory;
import java.io.File;
import java.net.URI;
import java.net.URLDecoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.OffsetDateTime;
import java.util.Arrays;
import java.util.Base64;
import java.util.Map;
import java.util.TreeMap;

class Client {
  static final ObjectMapper JSON = new ObjectMapper();
  static final HttpClient HTTP = HttpClient.newHttpClient();
  static final String STRUCTURED = "application/cloudevents+json";

  static String encode(String text) {
    StringBuilder out = new StringBuilder();
    for (byte each : text.getBytes(StandardCharsets.UTF_8)) {
      boolean plain = each >= ' ' && each <= '~' && each != '%' && each != '"';
      out.append(plain ? String.valueOf((char) each) : String.format("%%%02X", each & 0xFF));
    }
    return out.toString();
  }

  static String decode(String text) {
    return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
  }

  static CloudEvent eventOf(JsonNode test) throws Exception {
    CloudEventBuilder event = CloudEventBuilder.v1();
    for (var members = test.get("attributes").fields(); members.hasNext(); ) {
      Map.Entry<String, JsonNode> member = members.next();
      JsonNode value = member.getValue();
      String text = value.asText();
      switch (member.getKey()) {
        case "id" -> event.withId(text);
        case "source" -> event.withSource(URI.create(text));
        case "type" -> event.withType(text);
        case "subject" -> event.withSubject(text);
        case "dataschema" -> event.withDataSchema(URI.create(text));
        case "datacontenttype" -> event.withDataContentType(text);
        case "time" -> event.withTime(OffsetDateTime.parse(text));
        default -> {
          if (value.isBoolean()) event.withExtension(member.getKey(), value.asBoolean());
          else if (value.isInt()) event.withExtension(member.getKey(), value.asInt());
          else event.withExtension(member.getKey(), text);
        }
      }
    }
    if (test.has("json")) event.withData(JSON.writeValueAsBytes(test.get("json")));
    if (test.has("text")) event.withData(test.get("text").asText().getBytes(StandardCharsets.UTF_8));
    if (test.has("base64")) event.withData(Base64.getDecoder().decode(test.get("base64").asText()));
    if (test.has("json") && !test.get("attributes").has("datacontenttype")) {
      event.withDataContentType("application/json");
    }
    return event.build();
  }

  // Attributes in their string form: headers have no types.
  static Map<String, String> attributes(CloudEvent event, boolean withTime) {
    Map<String, String> all = new TreeMap<>();
    for (String name : event.getAttributeNames()) {
      Object value = event.getAttribute(name);
      if (value instanceof OffsetDateTime time) value = withTime ? time.toInstant() : null;
      if (value != null) all.put(name, value.toString());
    }
    for (String name : event.getExtensionNames()) all.put(name, String.valueOf(event.getExtension(name)));
    return all;
  }

  static String compare(JsonNode test, CloudEvent sent, CloudEvent reply) throws Exception {
    Map<String, String> want = attributes(sent, true);
    want.put("type", sent.getType() + ".echo");
    Map<String, String> got = attributes(reply, sent.getTime() != null);
    if (!want.equals(got)) return "sent " + want + "\n  got  " + got;
    byte[] a = sent.getData() == null ? new byte[0] : sent.getData().toBytes();
    byte[] b = reply.getData() == null ? new byte[0] : reply.getData().toBytes();
    boolean same = test.has("json") ? JSON.readTree(a).equals(JSON.readTree(b)) : Arrays.equals(a, b);
    return same ? null : "data: sent " + new String(a, StandardCharsets.UTF_8) + ", got "
        + new String(b, StandardCharsets.UTF_8);
  }

  static String single(String url, JsonNode test, boolean structured) throws Exception {
    CloudEvent sent = eventOf(test);
    HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(url));
    var writer = HttpMessageFactory.createWriter(
        (name, value) -> request.header(name, name.startsWith("ce-") ? encode(value) : value),
        body -> request.POST(HttpRequest.BodyPublishers.ofByteArray(body == null ? new byte[0] : body)));
    if (structured) writer.writeStructured(sent, STRUCTURED);
    else writer.writeBinary(sent);
    HttpResponse<byte[]> response = HTTP.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
    if (response.statusCode() != 200) {
      return response.statusCode() + " " + new String(response.body(), StandardCharsets.UTF_8);
    }
    if (response.headers().firstValue("ce-id").isPresent() == structured) return "the reply is in the wrong mode";
    Map<String, String> headers = new TreeMap<>();
    response.headers().map().forEach((name, values) ->
        headers.put(name, name.startsWith("ce-") ? decode(values.get(0)) : values.get(0)));
    return compare(test, sent, HttpMessageFactory.createReader(headers, response.body()).toEvent());
  }

  public static void main(String[] words) throws Exception {
    int total = 0;
    int failed = 0;
    for (JsonNode test : JSON.readTree(new File(words[1]))) {
      for (boolean structured : new boolean[] {false, true}) {
        // The SDK's JSON format takes only letters before "+json" for JSON.
        if (structured && test.get("attributes").path("datacontenttype").asText().endsWith("+json")) continue;
        String problem;
        try {
          problem = single(words[0], test, structured);
        } catch (Exception error) {
          problem = error.toString();
        }
        ++total;
        if (problem == null) continue;
        ++failed;
        System.out.printf("FAILED java: %s, %s%n  %s%n", structured ? "structured" : "binary",
            test.get("name").asText(), problem);
      }
    }
    System.out.printf("java: %d of %d exchanges passed%n", total - failed, total);
    System.exit(failed > 0 ? 1 : 0);
  }
}
