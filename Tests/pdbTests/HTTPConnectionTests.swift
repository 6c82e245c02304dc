// Many connections at once: those that do nothing do not keep others out.

import Foundation
import NIOCore
import NIOHTTP1
import PDBKit
import Testing

extension ProcessTests {
  @Suite struct HTTPConnectionTests {
    /// The connections are this process's as well.
    private static func allowDescriptors(_ count: Int) throws {
      var limit = rlimit()
      #expect(getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0)
      limit.rlim_cur = max(limit.rlim_cur, min(limit.rlim_max, rlim_t(count)))
      setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }

    @Test func `the figures tell of requests, files, connections, alarms and the process`()
      async throws
    {
      try await TestCluster.running(1) { cluster in
        _ = try await cluster.send(0, .PUT, "/kv/a", #"{"value":1}"#)
        _ = try await cluster.get(0, "/kv/b")
        _ = try await cluster.get(0, "/nope")
        let text = try await cluster.get(0, "/metrics").body
        for line in [
          #"pdb_http_requests_total{method="PUT",route="/kv/**",status="201"} 1"#,
          #"pdb_http_requests_total{method="GET",route="/kv/**",status="404"} 1"#,
          #"pdb_http_requests_total{method="",route="",status="404"} 1"#,
          #"pdb_http_request_seconds_count{method="PUT",route="/kv/**"} 1"#,
          #"pdb_alarm{name="disk_full"} 0"#, "pdb_alarms 0", "pdb_streams 0",
        ] {
          #expect(text.contains(line + "\n"), "\(line)")
        }
        for name in [
          "pdb_build_info{version=", #"pdb_file_bytes{file="log"} "#,
          #"pdb_file_bytes{file="state"} "#, "pdb_connections ", "process_cpu_seconds_total ",
          "process_resident_memory_bytes ", "process_open_fds ", "process_start_time_seconds ",
        ] {
          #expect(text.contains("\n" + name), "\(name)")
        }
      }
    }

    @Test func `idle connections make room for those that ask something`() async throws {
      try Self.allowDescriptors(6_000)
      try await TestCluster.running(1) { cluster in
        let host = "Host: \(cluster.addresses[0])\r\n"
        let used = try cluster.connection(0)
        used.send("GET /livez HTTP/1.1\r\n\(host)\r\n")
        _ = try used.read(until: "ok")
        var idle: [RawConnection] = []
        for _ in 0..<4_200 { idle.append(try cluster.connection(0)) }
        _ = try await waitFor { try cluster.log(0).contains("closing idle ones") ? true : nil }
        let title = #"{"title":"a"}"#
        for (request, status) in [
          ("GET /livez HTTP/1.1\r\n\(host)Connection: close\r\n\r\n", "200"),
          (
            "POST /tasks HTTP/1.1\r\n\(host)Content-Type: application/json\r\n"
              + "Connection: close\r\nContent-Length: \(title.utf8.count)\r\n\r\n\(title)", "201"
          ),
        ] {
          let answer = try cluster.sendRaw(0, Array(request.utf8), isLast: false)
          #expect(answer.hasPrefix("HTTP/1.1 \(status)"), "\(answer)")
        }
        // Those that never asked anything go first.
        used.send("GET /livez HTTP/1.1\r\n\(host)Connection: close\r\n\r\n")
        #expect(try used.readToEnd().contains("Connection: close"))
        #expect(try await cluster.get(0, "/metrics").body.contains("pdb_connections 40"))
        // They are closed when nothing holds them.
        withExtendedLifetime(idle) {}
      }
    }
  }
}
