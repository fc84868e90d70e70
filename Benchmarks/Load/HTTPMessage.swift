import NIOCore

/// HTTP/1.1 messages, encoded once and sent many times.
enum HTTPMessage {
    static func get(_ target: String) -> ByteBuffer {
        ByteBuffer(string: "GET \(target) HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    }

    static func post(_ target: String, headers: [(name: String, value: String)] = [], body: [UInt8]) -> ByteBuffer {
        let fields = [("Host", "127.0.0.1"), ("Content-Type", "application/json")] + headers
        return message("POST \(target) HTTP/1.1", headers: fields, body: body)
    }

    static func put(_ target: String, body: [UInt8]) -> ByteBuffer {
        message("PUT \(target) HTTP/1.1", headers: [("Host", "127.0.0.1")], body: body)
    }

    static func answer(_ status: String, headers: [(name: String, value: String)] = [], body: [UInt8]) -> ByteBuffer {
        message("HTTP/1.1 \(status)", headers: headers, body: body)
    }

    private static func message(_ start: String, headers: [(name: String, value: String)], body: [UInt8]) -> ByteBuffer
    {
        var buffer = ByteBuffer(string: start)
        for (name, value) in headers + [("Content-Length", String(body.count))] {
            buffer.writeString("\r\n\(name): \(value)")
        }
        buffer.writeString("\r\n\r\n")
        buffer.writeBytes(body)
        return buffer
    }
}
