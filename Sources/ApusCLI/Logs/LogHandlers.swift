import ApusCore
import ApusNode
import Logging

enum LogClock {
    static var now: String { NodeClock.wall.now().rfc3339 }
}

/// `07:18:45.923 info  the message  key=value`
struct TerminalLogHandler: LogHandler {
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.info
    var usesColour: Bool

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let time = LogClock.now.dropFirst(11).dropLast(1)
        let level = event.level.rawValue.padded(to: 7)
        var line = "\(time) \(colour(event.level))\(level)\(usesColour ? "\u{1b}[0m" : "") \(event.message)"
        for (key, value) in metadata.merging(event.metadata ?? [:], uniquingKeysWith: { $1 }).sorted(by: {
            $0.key < $1.key
        }) {
            line += "  \(key)=\(value)"
        }
        Logs.write(line + "\n")
    }

    private func colour(_ level: Logger.Level) -> String {
        guard usesColour else { return "" }
        switch level {
        case .critical, .error: return "\u{1b}[31m"
        case .warning: return "\u{1b}[33m"
        case .notice, .info: return "\u{1b}[36m"
        case .debug, .trace: return "\u{1b}[2m"
        }
    }
}

/// `{"time":"…","level":"info","message":"…","key":"value"}`
struct JSONLogHandler: LogHandler {
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.info

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("time")
        writer.value(LogClock.now)
        writer.key("level")
        writer.value(event.level.rawValue)
        writer.key("message")
        writer.value(event.message.description)
        for (key, value) in metadata.merging(event.metadata ?? [:], uniquingKeysWith: { $1 }).sorted(by: {
            $0.key < $1.key
        }) {
            writer.key(key)
            writer.value(value.description)
        }
        writer.endObject()
        Logs.write(String(decoding: writer.bytes, as: UTF8.self) + "\n")
    }
}

extension String {
    fileprivate func padded(to width: Int) -> String {
        self + String(repeating: " ", count: max(0, width - count))
    }
}
