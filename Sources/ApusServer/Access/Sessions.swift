import ApusCore
import HTTPTypes

/// The cookies by which browsers of people who have signed in are known. A cookie holds the time of its
/// end and a code that only this server can make, so nothing is stored and restarts change nothing. It
/// is worth nothing any more once the key with which its owner signed in is taken away.
package struct Sessions: Sendable {
    package static let cookie = "apus-session"
    /// Seconds from signing in to the end.
    package static let length: Int64 = 12 * 3_600
    private static let purpose = "apus dashboard session"

    private let keys: SigningKeys
    private let derived: [DerivedKey]

    package init(keys: SigningKeys) {
        self.keys = keys
        derived = keys.all.map { $0.derived(for: Self.purpose) }
    }

    /// The value of the cookie for who knows a signing key.
    /// - Returns: `nil` for any other text.
    package func begin(with key: String, at now: Timestamp) -> String? {
        guard let key = keys.key(named: key) else { return nil }
        let end = String(now.milliseconds / 1_000 + Self.length)
        return "\(end).\(key.derived(for: Self.purpose).code(of: end))"
    }

    package func isOpen(_ value: String, at now: Timestamp) -> Bool {
        let parts = value.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].utf8.count <= 12, let end = Int64(parts[0]),
            derived.reduce(false, { found, key in key.isCode(parts[1], of: String(parts[0])) || found })
        else { return false }
        let rest = end - now.milliseconds / 1_000
        return rest > 0 && rest <= Self.length
    }

    func isOpen(_ headers: HTTPFields, at now: Timestamp) -> Bool {
        for pair in (headers[.cookie] ?? "").split(separator: ";") {
            let parts = pair.split(separator: "=", maxSplits: 1)
            guard parts.count == 2, parts[0].filter({ $0 != " " }) == Self.cookie else { continue }
            if isOpen(String(parts[1]), at: now) { return true }
        }
        return false
    }
}
