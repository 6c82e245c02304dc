// Clears away what runs that were killed have left.

import Foundation

enum Leftovers {
  /// Ends processes in, and removes, every network of this tool whose process is gone; unmounts
  /// the disks of such runs.
  static func remove(below directory: String) async {
    for namespace in await names(["ip", "netns", "list"]) where isOrphan(namespace) {
      for process in await names(["ip", "netns", "pids", namespace]) {
        if let process = Int32(process) { kill(process, SIGKILL) }
      }
      await Command.attempt("ip", "link", "delete", namespace)
      await Command.attempt("ip", "netns", "delete", namespace)
    }
    for bridge in await names(["sh", "-c", "ls /sys/class/net"]) where isOrphan(bridge) {
      await Command.attempt("ip", "link", "delete", bridge)
    }
    let mounts = (try? String(contentsOfFile: "/proc/self/mounts", encoding: .utf8)) ?? ""
    for line in mounts.split(separator: "\n") {
      let fields = line.split(separator: " ")
      guard fields.count > 1, fields[1].hasPrefix("\(directory)/") else { continue }
      let run = fields[1].dropFirst(directory.count + 1).prefix { $0 != "/" }
      if isOrphan(String(run)) { await Command.attempt("umount", "--lazy", String(fields[1])) }
    }
  }

  /// Whether a name is one of this tool's, and its process is gone.
  private static func isOrphan(_ name: String) -> Bool {
    guard name.hasPrefix(Network.prefix) else { return false }
    let digits = name.dropFirst(Network.prefix.count).prefix { $0.isNumber }
    guard let process = Int32(digits) else { return false }
    return kill(process, 0) != 0 && errno == ESRCH
  }

  private static func names(_ line: [String]) async -> [String] {
    let output = (try? await Command.result(line))?.output ?? ""
    return output.split(separator: "\n").compactMap { $0.split(separator: " ").first }
      .map(String.init)
  }
}
