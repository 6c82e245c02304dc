// What happened, line by line, for people.

/// Takes down what happens, if it is wanted. Writing costs more than all the rest of a
/// simulation, so a failing seed is run again with the diary open: the same seed gives the same
/// life.
struct Diary {
  private let write: ((String) -> Void)?

  init(_ write: ((String) -> Void)?) { self.write = write }

  func note(_ time: Time, _ line: @autoclosure () -> String) {
    guard let write else { return }
    let fraction = String(time % 100)
    write("\(time / 100).\(fraction.count < 2 ? "0" : "")\(fraction)  \(line())")
  }
}
