// `pdb cluster cert`

import ArgumentParser
import PDBKit

struct ClusterCert: AsyncParsableCommand, HasExamples {
  static let configuration = CommandConfiguration(
    commandName: "cert", abstract: "Print the certificate that the cluster's nodes are known by.",
    discussion: """
      In PEM, for 'curl --cacert' and for browsers. With --port it is made from the files of a node of \
      this machine, which need not run; else the cluster is asked.
      """)

  static let examples = [
    Example("pdb cluster cert --hash", "Find out which key clients must expect:")
  ]

  @Flag(name: .long, help: "Only the hash of the key, for --cluster-key.")
  var hash = false

  @Option(name: .long, help: "The node whose files are read.")
  var port: Int?

  @Option(
    name: .long, help: ArgumentHelp("The folder of the node's files.", valueName: "dir"))
  var dataDir: String = ".pdb"

  @OptionGroup var options: GlobalOptions

  func run() async throws {
    try await Session.run(options) { session in
      let found =
        if let port {
          try ClusterCertificate(ofNode: port, in: dataDir)
        } else {
          try await session.certificate()
        }
      let json: JSON = [
        "key": .string(found.key.description), "certificate": .string(found.pem),
      ]
      try session.show(json) {
        let text = hash ? found.key.description : found.pem
        for line in text.split(separator: "\n") { Console.write(cell: String(line)) }
      }
    }
  }
}

extension Session {
  fileprivate func certificate() async throws -> ClusterCertificate {
    try await connection.meet()
    return try await connection.remoteStore.certificate()
  }
}
