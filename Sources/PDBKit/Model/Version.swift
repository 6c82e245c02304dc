// The one place that knows the version.

/// The version of pdb, as semver.org has it.
public let pdbVersion = "0.2.0-dev"
