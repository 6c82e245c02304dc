// What libFuzzer calls: built in only where that is linked, see `make fuzz`.

#if LIBFUZZER
  import Fuzzing
  import PDBModel
  import Synchronization

  /// Runs one input; a violation ends the process, and libFuzzer keeps the input.
  @_cdecl("LLVMFuzzerTestOneInput")
  public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    FuzzTarget.current.runBlocking(Bytes(UnsafeBufferPointer(start: start, count: count)))
    return 0
  }
#endif
