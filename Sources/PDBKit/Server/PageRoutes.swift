// The page: its files, which live in the program, and what browsers may do with them.

import Crypto
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import PDBModel
import PDBStore
import Page

extension Endpoint {
  static let page: [Endpoint] = [
    Endpoint(
      .get, "/", "The page: tasks and cluster in a browser", id: "openPage", .report, query: nil,
      isPublic: true, answers: .text("text/html", summary: "The page", [.eTag])
    ) {
      try $0.answer(with: "index.html")
    },
    Endpoint(
      .get, "/page/**", "The page's files", id: "getPageFile", .report, at: Path.file, query: nil,
      isPublic: true,
      answers: .text(
        "text/css", "text/javascript", "text/html", "image/svg+xml", summary: "The file", [.eTag]),
      failures: [.notFound]
    ) { exchange in
      let path = exchange.request.uri.path.dropFirst("/page/".count)
      return try exchange.answer(with: String(path))
    },
  ]
}

/// A file of the page.
struct PageAsset: Sendable {
  let path: String
  let type: String
  /// Changes with the content (RFC 9110, section 8.8.3).
  let entityTag: String
  let bytes: ByteBuffer

  /// All files by path.
  static let all: [String: PageAsset] = {
    let assets = (0...).lazy.map { pageFile($0) }.prefix { $0 != nil }.map {
      PageAsset($0!.pointee)
    }
    return Dictionary(uniqueKeysWithValues: assets.map { ($0.path, $0) })
  }()

  private init(_ file: PageFile) {
    path = String(cString: file.path)
    let content = UnsafeBufferPointer(start: file.bytes, count: file.count)
    bytes = ByteBuffer(bytes: content)
    let digest = SHA256.hash(data: Data(content)).prefix(12)
    entityTag = "\"\(digest.map { String(format: "%02x", $0) }.joined())\""
    type =
      switch path.split(separator: ".").last {
      case "html": "text/html; charset=utf-8"
      case "css": "text/css; charset=utf-8"
      case "mjs": "text/javascript; charset=utf-8"
      default: "image/svg+xml"
      }
  }
}

extension PageAsset {
  /// The file of a path, or that the browser has it.
  ///
  /// - Parameter policy: what pages may load, and to which hosts they may talk.
  /// - Throws: `not_found`.
  static func answer(to request: Request, with path: String, _ policy: String) throws -> Response {
    guard let asset = all[path] else {
      throw PDBError(.notFound, "the page has no file '\(path.escapingControlCharacters)'")
    }
    var headers: HTTPFields = [
      .contentType: asset.type, .eTag: asset.entityTag,
      // Kept by the browser, but asked for each time: the next start may bring another version.
      .cacheControl: "no-cache",
      .contentSecurityPolicy: policy,
      .referrerPolicy: "no-referrer",
      .crossOriginOpenerPolicy: "same-origin",
      .crossOriginResourcePolicy: "same-origin",
    ]
    // It is to keep all of the page, which begins above its own folder (Service Workers, section 3.4.3).
    if path == "service-worker.mjs" { headers[.serviceWorkerAllowed] = "/" }
    if request.headers[.ifNoneMatch] == asset.entityTag {
      return Response(status: .notModified, headers: headers)
    }
    headers[.contentLength] = String(asset.bytes.readableBytes)
    return Response(
      status: .ok, headers: headers, body: ResponseBody(byteBuffer: asset.bytes))
  }

  /// - Parameter sources: where pages may connect to.
  static func policy(connectingTo sources: String) -> String {
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
      + "worker-src 'self'; connect-src \(sources); base-uri 'none'; "
      + "form-action 'none'; frame-ancestors 'none'"
  }
}

extension Exchange {
  fileprivate func answer(with path: String) throws -> Response {
    try PageAsset.answer(to: request, with: path, policy)
  }

  /// What the page may load, and which hosts it may talk to: this origin, and the members wherever they
  /// listen (Content Security Policy Level 3).
  private var policy: String {
    let members = store.currentView.members.compactMap { $0.nodeAddress?.host }
    let isInsecure = store.nodeStatus.isInsecure
    // The policy's grammar has no place for IPv6 addresses (section 2.3.1).
    let others = members.filter { !$0.contains(":") }.map { host in
      NodeAddress.url(of: NodeAddress(host: host, port: 1), isInsecure: isInsecure).dropLast(1)
    }
    let sources = Set(["http://127.0.0.1:", "http://localhost:"] + others).sorted()
      .map { $0 + "*" }.joined(separator: " ")
    return PageAsset.policy(connectingTo: "'self' \(sources)")
  }
}

extension HTTPField.Name {
  fileprivate static let serviceWorkerAllowed = Self("Service-Worker-Allowed")!
  fileprivate static let referrerPolicy = Self("Referrer-Policy")!
  fileprivate static let crossOriginOpenerPolicy = Self("Cross-Origin-Opener-Policy")!
}
