import HTTPTypes
import Hummingbird

/// Only the dashboard's own pages may post to it: another site that a person looks at must not cancel runs.
enum PostGuard {
    static func allows(_ headers: HTTPFields, authority: String?) -> Bool {
        if let name = HTTPField.Name("Sec-Fetch-Site"), let site = headers[name] {
            return site == "same-origin" || site == "none"
        }
        guard let origin = headers[.origin] else {
            // Programs send neither; browsers always send an origin with a post.
            return true
        }
        guard let authority, let scheme = origin.firstRange(of: "://") else { return false }
        return origin[scheme.upperBound...] == authority[...]
    }

    /// The page that a post came from, when it is one of this server.
    static func origin(of headers: HTTPFields, authority: String?) -> String? {
        guard let name = HTTPField.Name("Referer"), let referrer = headers[name], let authority,
            let scheme = referrer.firstRange(of: "://")
        else { return nil }
        let rest = referrer[scheme.upperBound...]
        guard rest.hasPrefix(authority + "/") else { return nil }
        let path = rest.dropFirst(authority.count)
        // Two slashes at the beginning would name another server.
        guard !path.hasPrefix("//"), !path.contains("\\"), path.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            return nil
        }
        return String(path)
    }
}
