/// One instruction in the list with which an app answers a call (status 206).
///
/// Source: the protocol's op list. Unknown keys are ignored because SDKs send their internal step
/// records; unknown op names make the whole reply invalid.
public struct Op: Hashable, Sendable {
    /// What is asked for.
    public var kind: Kind
    /// The step's opaque key. Empty for ops that concern no step (`None`).
    public var id: StepID
    /// Legacy display name; TypeScript and Python put sleep durations and event names here.
    public var name: String
    /// What a person reads: `displayName`, else `name`, else the user's id, else the key.
    public var displayName: String
    /// The op's options, an object, or `nil` when absent or null.
    public var options: RawJSON?
    /// The step's output; `nil` when absent, JSON `null` when sent as null.
    public var data: RawJSON?
    /// The step's error, an object, reduced to `name`, `message`, `stack`, `data` and `cause`; nil when
    /// absent or null, but never for ``Kind/stepError`` and ``Kind/stepFailed``.
    public var error: RawJSON?
    /// What the app notes with the op, as sent; `nil` when absent or null. It never makes a reply invalid.
    public var metadata: RawJSON?

    /// Makes an op.
    public init(
        kind: Kind,
        id: StepID,
        name: String = "",
        displayName: String = "",
        options: RawJSON? = nil,
        data: RawJSON? = nil,
        error: RawJSON? = nil,
        metadata: RawJSON? = nil
    ) {
        self.kind = kind
        self.id = id
        self.name = name
        self.displayName = displayName
        self.options = options
        self.data = data
        self.error = error
        self.metadata = metadata
    }

    /// What an op asks for. Names are accepted as written here or all in lower case.
    public enum Kind: String, Hashable, Sendable, CaseIterable {
        /// Nothing to do; of old SDKs.
        case none = "None"
        /// A step's output from SDKs that wrap it themselves (TypeScript 1 and 2).
        case step = "Step"
        /// A step ran; `data` is its output.
        case stepRun = "StepRun"
        /// A step failed and may be tried again.
        case stepError = "StepError"
        /// A step failed for good.
        case stepFailed = "StepFailed"
        /// A step is ready to run, in a call of its own.
        case stepPlanned = "StepPlanned"
        /// Wait for a time.
        case sleep = "Sleep"
        /// Wait for an event.
        case waitForEvent = "WaitForEvent"
        /// Wait for a signal.
        case waitForSignal = "WaitForSignal"
        /// Run another function and wait for its result.
        case invokeFunction = "InvokeFunction"
        /// Let the server call a model provider.
        case aiGateway = "AIGateway"
        /// Let the server make an HTTP request.
        case gateway = "Gateway"
        /// The function returned; `data` is its result.
        case runComplete = "RunComplete"
        /// An HTTP function answered; `data` holds status, headers and body.
        case syncRunComplete = "SyncRunComplete"
        /// Call the function again.
        case discoveryRequest = "DiscoveryRequest"
        /// Schedule a function for the end of the run.
        case deferAdd = "DeferAdd"
        /// Take that back.
        case deferAbort = "DeferAbort"

        /// Lazy ops ride along with others and never count as parallel work.
        public var isLazy: Bool { self == .deferAdd || self == .deferAbort }

        /// Ops whose result arrives later than the reply that carries them; two or more ops with
        /// one of these among them form a parallel batch.
        public var isAsynchronous: Bool {
            switch self {
            case .stepPlanned, .sleep, .waitForEvent, .waitForSignal, .invokeFunction, .aiGateway, .gateway: true
            default: false
            }
        }
    }

    /// `true` when the op opted out of joining its siblings (`opts.parallelMode: "race"`).
    public var isRace: Bool {
        guard let mode = options?.view["parallelMode"]?.string else { return false }
        // The Go SDK writes a capital letter.
        return mode.lowercased() == "race"
    }
}
