// Everything of pdb under one name.

@_exported public import PDBClient
@_exported public import PDBCluster
@_exported public import PDBEtcd
@_exported public import PDBFolder
@_exported public import PDBImport
@_exported public import PDBLoad
@_exported public import PDBModel
@_exported public import PDBServer
@_exported public import PDBStorage
@_exported public import PDBStore
