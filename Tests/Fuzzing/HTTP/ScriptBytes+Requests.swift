// Requests to every route, drawn from a script: right ones, and such as no client should send.

package import PDBModel
import PDBServer

/// A request, as its bytes.
package struct RequestDraft {
  var method = "GET"
  var target = "/"
  var fields: [(name: String, value: String)] = []
  var body: Bytes = []
  /// Whether there is only one way to read it.
  var isWellFormed = true
  /// The lengths of its chunks; `nil` if its length is said before it.
  var chunks: [Int]?

  var isStream: Bool { target.hasPrefix("/events") }

  package var bytes: Bytes {
    var head = "\(method) \(target) HTTP/1.1\r\n"
    for (name, value) in fields { head += "\(name): \(value)\r\n" }
    var bytes = Bytes(utf8: head + "\r\n")
    guard let chunks else { return bytes + body }
    var rest = body[...]
    for count in chunks + [body.count] where !rest.isEmpty {
      let chunk = rest.prefix(max(1, count))
      rest = rest.dropFirst(chunk.count)
      bytes += Bytes(utf8: String(chunk.count, radix: 16) + "\r\n") + chunk + [13, 10]
    }
    return bytes + Bytes(utf8: "0\r\n\r\n")
  }
}

extension ScriptBytes {
  /// - Parameters:
  ///   - authority: by which the node is called.
  ///   - routes: which are asked.
  package mutating func requestDraft(
    to authority: String, _ routes: [(method: String, path: String, query: [String])]
  ) -> RequestDraft {
    let route = element(of: routes)
    var draft = RequestDraft()
    draft.method =
      isRare() ? element(of: ["HEAD", "OPTIONS", "PATCH", "POST", "GET"]) : route.method
    draft.target = target(of: route.path, route.query)
    if !isRare() { draft.fields.append(("Host", authority)) }
    if ["POST", "PUT"].contains(draft.method) || isRare() { addBody(to: &draft) }
    while isRare() { addField(to: &draft) }
    if isRare() { spoil(&draft) }
    return draft
  }

  private mutating func target(of path: String, _ query: [String]) -> String {
    var target = path.split(separator: "/", omittingEmptySubsequences: false).map { segment in
      segment == "**" || segment.hasPrefix(":")
        ? element(of: ["a", "b", "1", "task_1", "%00", "a%2Fb", "%", "127.0.0.1:1", "0"])
        : String(segment)
    }.joined(separator: "/")
    var separator = "?"
    for name in query where flag() {
      target += separator + name + "=" + queryValue()
      separator = "&"
    }
    return target
  }

  private mutating func queryValue() -> String {
    element(
      of: [
        "1", "0", "", "true", "stale", "linearizable", "a", "%00", "%ff", "-1",
        "18446744073709551615",
      ])
  }

  private mutating func addBody(to draft: inout RequestDraft) {
    draft.body = mutated(Bytes(utf8: json()))
    if isRare() && isRare() {
      draft.body = Bytes(repeating: 0x20, count: Limits.bodyBytes + below(2))
    }
    draft.fields.append(
      (
        "Content-Type",
        isRare() ? element(of: ["text/plain", "", "application/json;x"]) : "application/json"
      ))
    if below(4) == 0 {
      draft.chunks = (0..<below(4)).map { _ in below(64) }
      draft.fields.append(("Transfer-Encoding", "chunked"))
    } else {
      draft.fields.append(("Content-Length", String(draft.body.count)))
    }
  }

  private mutating func json() -> String {
    element(
      of: [
        "{}", #"{"key":"a","value":1}"#, #"{"key":"a","value":null}"#, #"{"value":[1,"x"]}"#,
        #"{"pairs":[{"key":"a","value":1},{"key_b64":"/w==","value_b64":"AA=="}]}"#,
        #"{"key":"a","by":2}"#, #"{"key":"a","by":-9223372036854775808}"#,
        #"{"key":"a","values":[1,{"x":[]}]}"#, #"{"keys":["a",{"key_b64":"YQ=="}]}"#,
        #"{"title":"a"}"#, #"{"titles":["a","b"]}"#, #"{"title":"c","completed":true}"#,
        #"{"revision":1}"#, #"{"revision":18446744073709551615}"#,
        #"{"address":"127.0.0.1:9"}"#, #"{"to":"127.0.0.1:1"}"#, #"{"value":"30d"}"#,
        #"{"value":"100"}"#, #"{"part":0,"pairs":[{"key":"x","value":1}]}"#,
        #"{"part":10000,"pairs":[]}"#, #"{"parts":1,"existing":"replace"}"#,
        #"{"parts":1e3}"#, "[]", "null", "", "{", #"{"key":"\ud800","value":1}"#,
        #"{"a":1,"a":2}"#, String(repeating: "[", count: 100),
      ])
  }

  private mutating func addField(to draft: inout RequestDraft) {
    let field: (name: String, values: [String]) = element(
      of: [
        ("Connection", ["close", "keep-alive", "Upgrade"]),
        ("Accept-Encoding", ["gzip", "deflate", "*;q=0"]),
        ("If-Match", ["\"1\"", "*", "1", ""]), ("If-None-Match", ["*", "\"1\"", "W/\"1\""]),
        ("Idempotency-Key", ["a", "b", "", String(repeating: "x", count: 129)]),
        ("PDB-Author", ["a", "\u{1B}", "Học"]), ("PDB-Request-Age", ["0", "-1", "x"]),
        ("PDB-Request-Revision", ["0", "1", "18446744073709551615"]),
        ("PDB-Expect-Cluster", ["cluster", "cluster/1", "another/2", "/"]),
        ("Origin", ["http://127.0.0.1:1", "null", "http://evil"]),
        ("Sec-Fetch-Site", ["cross-site", "same-origin"]), ("Expect", ["100-continue", "x"]),
        ("Authorization", ["Bearer x", "Basic"]), ("X", [String(repeating: "x", count: 4000)]),
      ])
    draft.fields.append((field.name, element(of: field.values)))
  }

  /// Makes of it what servers understand in different ways.
  private mutating func spoil(_ draft: inout RequestDraft) {
    draft.isWellFormed = false
    switch below(8) {
    case 0:
      draft.fields.append(("Content-Length", element(of: ["0", "5", "-1", "9999999999", "1e3"])))
    case 1:
      draft.fields.append(("Transfer-Encoding", element(of: ["chunked", "gzip, chunked", "x"])))
    case 2: draft.fields.append(("Host", element(of: ["evil", "", "127.0.0.1"])))
    case 3:
      draft.fields.append(
        ("Upgrade", element(of: ["pdb-raft/2", "pdb-raft/1", "h2c", "websocket"])))
    case 4: draft.target = element(of: ["*", "", "/\u{0}", "http://evil/", "/kv/../x", "//"])
    case 5: draft.method = element(of: ["", "CONNECT", "get", "G T", "PRI"])
    case 6: draft.fields.append(("X", String(repeating: "x", count: 17 << 10)))
    default: draft.fields.append(("a\rb", "\u{0}"))
    }
  }
}
