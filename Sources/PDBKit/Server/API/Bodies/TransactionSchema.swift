// What the steps of `POST /txn` look like: for each operation the members that `TransactionStep` takes, and
// no others.

import PDBModel
import PDBStore

extension Schema {
  static let transactionStep =
    any(of: TransactionStep.members.map(step)).named("TransactionStep")

  private static func step(_ operation: String, _ names: [String]) -> Schema {
    let schema = object(
      [.required("op", .only(operation))] + names.compactMap { stepMembers[$0] },
      oneOf: Field<NewPair>.pair.alternatives.filter { names.contains($0.name) }, isOpen: false)
    let both = ["if_absent", "if_revision"]
    guard both.allSatisfy(names.contains) else { return schema }
    return schema.with("not", ["required": .array(both.map { .string($0) })])
  }

  /// Every member of every operation; those of other requests are what they are there.
  private static let stepMembers: [String: Member] = {
    let others: [[Member]] = [
      Field<NewPair>.pair.members, Field<Duration?>.timeToLive.members,
      RemoveKeysBody.shape.schema.members, IncrementBody.shape.schema.members,
      AppendBody.shape.schema.members, Field<TaskFields>.taskFields.members,
    ]
    let own: [Member] = [
      .required("titles", .array(of: .title, least: 1, most: Limits.batchCount)),
      .required("task", .string(least: 1).about("The number or id of a task")),
      .optional("title", .title), .optional("completed", .boolean),
      .optional("force", boolean.about("Whether a task may be lost")),
      .optional("if_absent", boolean.about("Only if the key is not there")),
      .optional("if_revision", unsigned.about("Only if it is as of this revision")),
    ]
    var members: [String: Member] = [:]
    for member in own + others.joined() where members[member.name] == nil {
      members[member.name] = member
    }
    return members
  }()
}
