// The way in.

/// Opens places that hold data. Modules add what they know: `PDB.connect` asks nodes (PDBClient),
/// `PDB.open` opens a folder (PDBFolder).
public enum PDB {}
