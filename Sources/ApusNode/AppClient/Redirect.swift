import NIOCore

/// What a redirect makes of a request.
package enum RedirectPolicy: Sendable {
    /// The same request goes to the new place, as apps are called.
    case repeats
    /// What browsers make of it.
    case asBrowsers
}

/// Where a redirect leads (RFC 9110 §15.4, RFC 3986 §5.2).
///
/// Method, body and headers of the first request are repeated for every kind of redirect, as the protocol demands,
/// and the query parameters of the first request are added where the target lacks them: without `fnId` and `stepId`
/// the app would not know what to run.
enum Redirect {
    /// The `Location` of a response that sends the caller elsewhere; `nil` when the response is an answer.
    static func location(in response: AppResponse) -> String? {
        switch response.status {
        case 301, 302, 303, 307, 308: response.headers.first(name: "Location")
        default: nil
        }
    }

    /// Resolves a location.
    ///
    /// - Parameters:
    ///   - location: an absolute URL or a reference relative to `current`.
    ///   - current: the URL that answered with the redirect.
    ///   - first: the URL of the call.
    /// - Throws: ``AppCallFailure/badRedirect(_:)``.
    static func target(
        _ location: String,
        from current: AppURL,
        of first: AppURL
    ) throws(AppCallFailure) -> AppURL {
        do throws(AppURLError) {
            let resolved = try AppURL(absolute(location, from: current))
            let merged = mergeQuery(of: first.target, into: resolved.target)
            guard merged.utf8.count <= AppURL.maxBytes else { throw .tooLong(limit: AppURL.maxBytes) }
            return AppURL(origin: resolved.origin, target: merged)
        } catch {
            throw .badRedirect("redirect to \"\(location.prefix(256))\": \(error)")
        }
    }

    /// The request that a redirect leads to, as browsers make it.
    ///
    /// Most methods become GET, without a body (the Fetch standard, "HTTP-redirect fetch"). To another origin go only
    /// headers that hold no secrets.
    static func followed(
        _ request: AppRequest, to location: String, status: Int
    ) throws(AppCallFailure) -> AppRequest {
        var request = request
        let from = request.url
        do throws(AppURLError) {
            request.url = try AppURL(absolute(location, from: from))
        } catch {
            throw .badRedirect("\(error)")
        }
        let becomesGet =
            switch status {
            case 301, 302: request.method == "POST"
            case 303: request.method != "GET" && request.method != "HEAD"
            default: false
            }
        if becomesGet {
            request.method = "GET"
            request.body = ByteBuffer()
            request.headers.removeAll { $0.name.lowercased().hasPrefix("content-") }
        }
        if request.url.origin != from.origin {
            request.headers.removeAll { !harmless.contains($0.name.lowercased()) }
        }
        return request
    }

    private static let harmless: Set<String> = [
        "accept", "accept-language", "cache-control", "content-language", "content-type", "user-agent",
    ]

    private static func absolute(_ location: String, from current: AppURL) -> String {
        let reference = location.prefix { $0 != "#" }
        if let colon = reference.firstIndex(of: ":"),
            !reference[..<colon].contains(where: { $0 == "/" || $0 == "?" })
        {
            return String(reference)
        }
        if reference.hasPrefix("//") { return "\(current.scheme.rawValue):\(reference)" }
        let root = "\(current.scheme.rawValue)://\(current.hostHeader)"
        let (path, _) = split(current.target)
        if reference.isEmpty { return root + current.target }
        if reference.hasPrefix("?") { return root + path + reference }
        let (newPath, newQuery) = split(String(reference))
        let whole = newPath.hasPrefix("/") ? newPath : path[...(path.lastIndex(of: "/") ?? path.startIndex)] + newPath
        return root + withoutDotSegments(whole) + (newQuery.map { "?" + $0 } ?? "")
    }

    /// RFC 3986 §5.2.4.
    private static func withoutDotSegments(_ path: Substring) -> String {
        var kept: [Substring] = []
        let segments = path.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        for (index, segment) in segments.enumerated() {
            let isLast = index == segments.count - 1
            switch segment {
            case ".": if isLast { kept.append("") }
            case "..":
                _ = kept.popLast()
                if isLast { kept.append("") }
            default: kept.append(segment)
            }
        }
        return "/" + kept.joined(separator: "/")
    }

    private static func mergeQuery(of first: String, into target: String) -> String {
        guard let firstQuery = split(first).query, !firstQuery.isEmpty else { return target }
        let query = split(target).query
        let present = Set((query ?? "").split(separator: "&").map(name))
        let missing = firstQuery.split(separator: "&").filter { !present.contains(name($0)) }
        if missing.isEmpty { return target }
        let separator = query == nil ? "?" : query?.isEmpty == true ? "" : "&"
        return target + separator + missing.joined(separator: "&")
    }

    /// The decoded name of `name=value`.
    private static func name(_ parameter: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = parameter.utf8.prefix { $0 != UInt8(ascii: "=") }
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), let decoded = UInt8(Substring(rest.prefix(2)), radix: 16), rest.count >= 2 {
                bytes.append(decoded)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func split(_ target: String) -> (path: Substring, query: Substring?) {
        guard let mark = target.firstIndex(of: "?") else { return (target[...], nil) }
        return (target[..<mark], target[target.index(after: mark)...])
    }
}
