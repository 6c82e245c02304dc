// The tests that run real processes, one after the other: they would starve each other.

import Testing

@Suite(.serialized, .timeLimit(.minutes(5))) enum ProcessTests {}
