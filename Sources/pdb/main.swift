import PDBKit
print("hi")
