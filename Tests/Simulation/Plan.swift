// What a seed decides before anything happens: the cluster and its misfortunes.

import PDBModel
import Raft

/// The draw of one seed. Every seed has other faults switched on (swarm testing: Groce et al.,
/// ISSTA 2012): a fault that is always on hides what happens only without it.
struct Plan: Sendable {
  var voters: Int
  var learners: Int
  var configuration: Configuration
  var clients: Int
  /// Keys of each kind.
  var keys: Int
  /// The longest pause of a client between two operations, in ticks.
  var thinkTicks: Int
  var network = Network()
  var disk = Disk()
  var faults = Faults()
  var past = Past()
  /// Chance, per thousand restarts, that an older copy of the node's files was put back before. Drawn
  /// apart from everything else.
  var rollback = 0
  /// Chance, per thousand moments, that something is proposed that no member can apply. Drawn apart, too.
  var poison = 0

  /// How long faults go on.
  var faultTime: Time
  var maxFaultEvents: Int

  /// How messages fare. Chances are per thousand, delays in units of time.
  struct Network: Sendable {
    var loss = 0
    var duplication = 0
    var reordering = 0
    var delay = 1...20
    /// How much later a message comes that is overtaken or doubled.
    var lateness = 1200
    /// Whether messages arrive that were under way when their link was cut.
    var survivesCuts = false
    /// Whether peers notice that a connection broke when a node dies or a link is cut.
    var resetsAreSeen = 0
  }

  struct Disk: Sendable {
    var delay = 5...30
    var slowDelay = 200...1500
    var reportDelay = 0...10
    var applyDelay = 1...40
    var syncDelay = 20...400
    /// The state reaches the disk by itself this often, per thousand applied batches.
    var spontaneousSync = 50
    var snapshotPieces = 1...4
    var pieceDelay = 10...200
  }

  /// Chances, per thousand moments in which something may go wrong.
  struct Faults: Sendable {
    /// The mean time between two such moments, in ticks.
    var intervalTicks = 6
    var crash = 0
    var powerCut = 0
    var wholePowerCut = 0
    /// Crashes at the worst moment: per thousand batches.
    var crashPoint = 0
    /// Deaths of a snapshot's receiver, or its sender: per thousand pieces.
    var snapshotDeath = 0
    var restart = 250
    var partition = 0
    var heal = 200
    /// The leader is cut off, and every node notices but the leader.
    var desertion = 0
    var reset = 0
    var slowDisk = 0
    var fullDisk = 0
    var pause = 0
    var clockJump = 0
    var addMember = 0
    var removeMember = 0
    var transfer = 0
  }

  /// What is remembered, and by which programs. Drawn apart from everything else.
  struct Past {
    /// How many entries the answers to requests are remembered for.
    var rememberedEntries = Limits.rememberedRequests
    /// Whether clients undo by number and change all limits of the history.
    var looksBack = false
    /// Chance that a node begins with a program of version 0.1, which it leaves at some restart.
    var oldPrograms = 0
    /// Whether the storage code of production runs under every node.
    var isReal = false
    var storageSeed: UInt64 = 0

    var isUpgrade: Bool { oldPrograms > 0 }

    init() {}

    init(seed: UInt64) {
      var dice = Dice(seed: seed &* 0x8CB9_2BA7_2F3D_8DD7 &+ 0x2545_F491_4F6C_DD1D)
      looksBack = dice.chance(300)
      // Requests of version 0.1 are judged by clocks, so there they must not be forgotten early.
      if dice.chance(150) {
        oldPrograms = dice.pick([300, 1000])
      } else if dice.chance(200) {
        rememberedEntries = UInt64(dice.among(2...24))
      }
      isReal = dice.chance(60)
      storageSeed = dice.next()
    }
  }

  init(seed: UInt64) {
    var dice = Dice(seed: seed &* 0xD134_2543_DE82_EF95 &+ 0x5851_F42D_4C95_7F2D)
    voters = dice.pick([1, 2, 3, 3, 3, 3, 4, 5, 5, 7])
    learners = dice.chance(150) && voters < 7 ? 1 : 0
    let electionTicks = dice.among(7...14)
    let isSmallLog = dice.chance(650)
    let logEntries = isSmallLog ? dice.among(dice.pick([2...5, 4...12, 10...40])) : 10_000
    let logBytes = dice.chance(200) ? dice.among(300...3_000) : 1 << 20
    let retained = dice.pick([2, 4, 20])
    configuration = Configuration(
      electionTicks: electionTicks, electionSpreadTicks: dice.among(3...16),
      heartbeatTicks: dice.among(1...3),
      maxMessagesInFlight: dice.pick([1, 2, 4, 16]),
      maxMessageBytes: dice.pick([1, 120, 400, 100_000]),
      maxUncommittedBytes: dice.pick([100, 300, 1_000, 100_000]),
      maxPendingReads: dice.pick([1, 4, 100]),
      maxLogEntries: logEntries, maxLogBytes: logBytes,
      maxRetainedEntries: retained * logEntries, maxRetainedBytes: retained * logBytes)
    clients = dice.among(1...5)
    keys = dice.among(1...4)
    thinkTicks = dice.pick([1, 4, 12])
    faultTime = Schedule<Never>.tick * Time(dice.among(200...1200))
    maxFaultEvents = 10_000
    draw(network: &dice)
    draw(disk: &dice)
    draw(faults: &dice)
    past = Past(seed: seed)
    var rare = Dice(seed: seed &* 0xA24B_AED4_963E_E407 &+ 0x9FB2_1C65_1E98_DF25)
    rollback = rare.pick([0, 0, 300, 1000])
    poison = rare.pick([0, 0, 0, 0, 40])
  }

  /// A cluster in which nothing goes wrong by itself, for those who break it themselves.
  init(calm seed: UInt64, voters: Int) {
    self.init(seed: seed)
    self.voters = voters
    learners = 0
    configuration = Configuration(
      electionTicks: 20, electionSpreadTicks: 20, heartbeatTicks: 5, maxLogEntries: 10_000)
    (clients, keys, thinkTicks) = (2, 2, 20)
    network = Network()
    disk = Disk()
    faults = Faults()
    faults.restart = 0
    faults.heal = 0
    past = Past()
    (rollback, poison) = (0, 0)
    faultTime = Schedule<Never>.tick * 900
  }

  private mutating func draw(network dice: inout Dice) {
    network.loss = dice.pick([0, 0, 10, 50, 150])
    network.duplication = dice.pick([0, 20, 100])
    network.reordering = dice.pick([0, 50, 300])
    network.delay = dice.pick([1...5, 1...20, 5...100, 50...300])
    network.lateness = dice.pick([300, 1200, 1200, 3000])
    network.survivesCuts = dice.chance(500)
    network.resetsAreSeen = dice.pick([0, 500, 1000])
  }

  private mutating func draw(disk dice: inout Dice) {
    disk.delay = dice.pick([0...2, 2...15, 10...150])
    disk.reportDelay = dice.pick([0...0, 0...20, 0...150])
    disk.applyDelay = dice.pick([0...2, 1...40, 20...400])
    disk.syncDelay = dice.pick([5...50, 50...800])
    disk.spontaneousSync = dice.pick([0, 30, 200])
    disk.snapshotPieces = dice.pick([1...2, 1...6, 4...12])
    disk.pieceDelay = dice.pick([5...30, 20...300])
  }

  private mutating func draw(faults dice: inout Dice) {
    faults.intervalTicks = dice.pick([2, 5, 10])
    faults.crash = dice.pick([0, 60, 150])
    faults.powerCut = dice.pick([0, 50, 100])
    faults.wholePowerCut = dice.pick([0, 0, 15])
    faults.crashPoint = dice.pick([0, 5, 25])
    faults.snapshotDeath = dice.pick([0, 0, 100])
    faults.restart = dice.pick([100, 250, 600])
    faults.partition = dice.pick([0, 80, 200])
    faults.desertion = dice.pick([0, 0, 100, 400])
    faults.heal = dice.pick([60, 200, 500])
    faults.reset = dice.pick([0, 30, 100])
    faults.slowDisk = dice.pick([0, 0, 80])
    faults.fullDisk = dice.pick([0, 0, 60])
    faults.pause = dice.pick([0, 0, 60])
    faults.clockJump = dice.pick([0, 40])
    let changesMembers = dice.chance(550)
    faults.addMember = changesMembers ? dice.pick([20, 80]) : 0
    faults.removeMember = changesMembers ? dice.pick([20, 80]) : 0
    faults.transfer = dice.pick([0, 60, 150])
  }
}
