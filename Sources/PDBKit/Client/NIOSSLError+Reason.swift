// Why TLS could not be agreed on: the library says it nowhere but in its descriptions.

package import NIOSSL

extension NIOSSLError {
  /// The certificate that was shown was signed by nobody who is trusted.
  package var isAboutTrust: Bool { "\(self)".contains("CERTIFICATE_VERIFY_FAILED") }

  /// What answers does not speak TLS.
  package var isAboutProtocol: Bool { "\(self)".contains("WRONG_VERSION_NUMBER") }
}
