// What `/metrics` says: the text format of Prometheus, version 0.0.4.

import HTTPTypes
import PDBCluster
import PDBCoordinator
import PDBModel
import PDBStore

/// Puts figures down one after the other.
struct MetricsText {
  private(set) var text = ""

  init(_ store: any ServedStore, _ server: ServedNode) {
    let (status, view, measurements) = (store.nodeStatus, store.currentView, store.measurements)
    head("pdb_build_info", "The version that runs.", "gauge")
    line("pdb_build_info", [("version", pdbVersion)], 1)
    gauge("pdb_term", "The current term.", status.term)
    gauge("pdb_is_leader", "1 while the node leads.", status.isLeader ? 1 : 0)
    gauge("pdb_has_leader", "1 while the node knows a leader.", status.leader == nil ? 0 : 1)
    gauge("pdb_members", "Members of the cluster.", view.members.count)
    gauge("pdb_log_last_index", "The last index in the log.", status.lastIndex)
    gauge("pdb_log_commit_index", "The last committed index.", status.commitIndex)
    gauge("pdb_log_applied_index", "The last index in the state.", status.appliedIndex)
    gauge("pdb_log_entries", "Entries that the log holds.", status.logEntries)
    gauge("pdb_log_bytes", "Bytes that the log holds.", status.logBytes)
    gauge("pdb_alarms", "Troubles that a person should see to.", status.alarms.count)
    head("pdb_alarm", "1 while there is this trouble.", "gauge")
    for alarm in Alarm.allCases {
      line("pdb_alarm", [("name", alarm.rawValue)], status.alarms.contains(alarm.rawValue) ? 1 : 0)
    }
    gauge("pdb_revision", "The revision of the state.", status.revision)
    peers(view, status.lastIndex)
    counter(
      "pdb_elections_total", "Elections that this node stood for.", measurements.elections)
    counter(
      "pdb_leader_changes_total", "How often this node learnt of another leader.",
      measurements.leaderChanges)
    counter(
      "pdb_state_repairs_total", "How often this process made a damaged state anew.",
      measurements.stateRepairs)
    head("pdb_queue_depth", "What waits in each queue of the node.", "gauge")
    for queue in measurements.queues {
      line("pdb_queue_depth", [("queue", queue.name)], queue.depth)
    }
    histogram(
      "pdb_commit_seconds", "From the proposal of a change to its commit, on the leader.",
      measurements.commit)
    histogram(
      "pdb_apply_seconds", "Applying the entries that were committed together.",
      measurements.apply)
    histogram(
      "pdb_apply_batch_entries", "Entries that were applied together.", measurements.applyBatch)
    histogram(
      "pdb_log_write_seconds", "Writing one batch to the log, its fdatasync included.",
      measurements.logWrite)
    histogram(
      "pdb_log_batch_entries", "Entries in one write of the log.", measurements.logBatch)
    head("pdb_file_bytes", "The sizes of the node's files.", "gauge")
    for file in measurements.files { line("pdb_file_bytes", [("file", file.name)], file.bytes) }
    requests(server)
    process(ProcessFigures())
  }

  private mutating func requests(_ server: ServedNode) {
    gauge("pdb_connections", "Open connections, peers included.", server.connections.count)
    gauge(
      "pdb_request_bytes", "What has come of requests and is not answered yet.",
      server.connections.requestBytes)
    gauge(
      "pdb_streams", "Answers under way that come bit by bit.",
      server.streams.present + server.lists.present)
    counter(
      "pdb_refused_tokens_total", "Requests that came with a wrong token.",
      server.tokens?.refused ?? 0)
    let routes = server.requests.present
    head("pdb_http_requests_total", "Requests that were answered.", "counter")
    for (endpoint, figures) in routes {
      for (status, count) in figures.counts.sorted(by: { $0.status < $1.status }) {
        line("pdb_http_requests_total", labels(endpoint) + [("status", "\(status)")], count)
      }
    }
    head(
      "pdb_http_request_seconds", "From a request to the beginning of its answer.", "histogram")
    for (endpoint, figures) in routes {
      buckets("pdb_http_request_seconds", labels(endpoint), figures.seconds)
    }
  }

  /// Requests to no endpoint have empty ones.
  private func labels(_ endpoint: Endpoint?) -> [(name: String, value: String)] {
    [("method", endpoint?.method.rawValue ?? ""), ("route", endpoint?.path ?? "")]
  }

  private mutating func process(_ process: ProcessFigures) {
    head("process_cpu_seconds_total", "User and system time of the process.", "counter")
    line("process_cpu_seconds_total", [], process.cpuSeconds)
    if let bytes = process.residentBytes {
      gauge("process_resident_memory_bytes", "Memory that the process has in RAM.", bytes)
    }
    if let count = process.openDescriptors {
      gauge("process_open_fds", "Open file descriptors.", count)
    }
    head("process_start_time_seconds", "When the process began, since 1970.", "gauge")
    line("process_start_time_seconds", [], process.startTime)
  }

  /// How far behind each peer is; on the leader.
  private mutating func peers(_ view: ClusterView, _ lastIndex: UInt64) {
    let peers = view.members.compactMap { member in
      member.matchIndex.map { (member.address, match: $0, silence: member.silence ?? 0) }
    }
    guard !peers.isEmpty else { return }
    head("pdb_peer_lag_entries", "Entries that a peer is not known to have.", "gauge")
    for (address, match, _) in peers {
      // Another leader's entries may be in a peer's log still.
      line("pdb_peer_lag_entries", [("peer", address)], max(lastIndex, match) - match)
    }
    head("pdb_peer_silence_seconds", "For how long a peer has not answered.", "gauge")
    for (address, _, silence) in peers {
      line("pdb_peer_silence_seconds", [("peer", address)], Double(silence) / 1000)
    }
  }

  private mutating func gauge(_ name: String, _ help: String, _ value: some BinaryInteger) {
    head(name, help, "gauge")
    line(name, [], value)
  }

  private mutating func counter(_ name: String, _ help: String, _ value: UInt64) {
    head(name, help, "counter")
    line(name, [], value)
  }

  private mutating func histogram(_ name: String, _ help: String, _ values: Distribution) {
    head(name, help, "histogram")
    buckets(name, [], values)
  }

  private mutating func buckets(
    _ name: String, _ labels: [(name: String, value: String)], _ values: Distribution
  ) {
    var count: UInt64 = 0
    for (position, bound) in values.bounds.enumerated() {
      count += values.counts[position]
      line(name + "_bucket", labels + [("le", "\(bound)")], count)
    }
    count += values.counts.last!
    line(name + "_bucket", labels + [("le", "+Inf")], count)
    line(name + "_sum", labels, values.sum)
    line(name + "_count", labels, count)
  }

  private mutating func head(_ name: String, _ help: String, _ type: String) {
    text += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n"
  }

  private mutating func line(
    _ name: String, _ labels: [(name: String, value: String)], _ value: some CustomStringConvertible
  ) {
    let list = labels.map { "\($0.name)=\"\($0.value)\"" }.joined(separator: ",")
    text += name + (list.isEmpty ? "" : "{\(list)}") + " \(value)\n"
  }
}
