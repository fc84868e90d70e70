import Foundation

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// Requests by Foundation's `URLSession`.
public struct URLSessionTransport: HTTPTransport {
    private let session: URLSession

    /// Makes a session of its own.
    /// - Parameter timeout: of a request, in seconds.
    public init(timeout: Double = 30) {
        let configuration = URLSessionConfiguration.ephemeral
        configuration.timeoutIntervalForRequest = timeout
        configuration.httpMaximumConnectionsPerHost = 32
        session = URLSession(configuration: configuration)
    }

    /// Makes a request once.
    public func send(_ request: TransportRequest) async throws -> TransportResponse {
        guard let url = URL(string: request.url) else { throw URLError(.badURL) }
        var native = URLRequest(url: url)
        native.httpMethod = request.method
        for (name, value) in request.headers { native.setValue(value, forHTTPHeaderField: name) }
        if request.method != "GET" { native.httpBody = Data(request.body) }
        let ready = native
        return try await withCheckedThrowingContinuation { continuation in
            let task = session.dataTask(with: ready) { data, response, error in
                if let response = response as? HTTPURLResponse {
                    continuation.resume(
                        returning: TransportResponse(status: response.statusCode, body: data.map { Array($0) } ?? []))
                } else {
                    continuation.resume(throwing: error ?? URLError(.badServerResponse))
                }
            }
            task.resume()
        }
    }
}
