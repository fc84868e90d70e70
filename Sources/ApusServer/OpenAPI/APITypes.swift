extension APIDocument {
    /// What is sent and answered, in the notation of GraphQL; `Any` is any JSON, `Map` any object.
    static let types = common + v1Types + scheduleTypes + v2Types

    private static let common = """
        scalar Any
        scalar Date
        scalar Map
        scalar Time
        scalar ULID
        scalar UUID

        type Error { error: String! data: Any status: Int! }
        type V1Metadata { fetched_at: Time! cursor: String }
        type V2Metadata { fetchedAt: Time! timeRange: V2TimeRange }
        type V2TimeRange { from: Time! until: Time! }
        type V2PageInfo { cursor: String hasMore: Boolean limit: Int! }
        type V2Errors { errors: [V2Error!]! }
        type V2Error { code: String! message: String! }

        union SentEvents = SentEvent | SentEventList
        input SentEvent { name: String! data: Map user: Map id: String ts: Int v: String }
        scalar SentEventList
        type SentAnswer { ids: [ULID!]! status: Int! error: String }
        type InvokeAnswer { id: ULID! status: Int! }
        type Registered { ok: Boolean! modified: Boolean! sync_id: UUID! app_id: UUID! }
        type Health { status: Int! message: String! }
        input GraphQLRequest { query: String! variables: Map operationName: String }
        type GraphQLAnswer { data: Map errors: [Map!] }

        """

    private static let v1Types = """
        type V1Event {
          internal_id: ULID! account_id: UUID! environment_id: UUID! source: String! source_id: Any received_at: Time!
          id: String! name: String! data: Any user: Map ts: Int! v: String meta: Map
        }
        type V1Run {
          run_id: ULID! run_started_at: Time! function_id: UUID! function_version: Int! environment_id: UUID!
          event_id: ULID! batch_id: ULID original_run_id: ULID cron: String status: RunStatus! ended_at: Time output: Any waiting: Waiting
          function: String event_name: String state: String first_call_at: Time
        }
        enum RunStatus { Running Completed Failed Cancelled }
        type Waiting { rule: String! reason: String! key: String since: Time until: Time ahead: Int }
        type V1RunList { runs: [V1Run!]! cursor: String searched_to: Time }
        type RunCounts { bucket_minutes: Int! buckets: [RunCountBucket!]! }
        type RunCountBucket { start: Time! queued: Int! completed: Int! failed: Int! cancelled: Int! }
        type Job { JobID: String! at: Time! position: Int! kind: String! attempt: Int! Raw: Any }
        type Journal {
          run: V1Run! function: String! event_name: String! events: [Map!]! entries: [Map!]!
          timeline: [TimelineLine!]!
        }
        type TimelineLine { at: Int! what: String! state: String! }
        type Outcome {
          function: String! outcome: String! rule: String reason: String! at: Time! key: String run_id: ULID
        }
        type ScheduledEvents { events: [ScheduledEvent!]! cursor: String }
        type ScheduledEvent { event_id: ULID! name: String! function: String! run_id: ULID! starts_at: Time! }
        type WithdrawnEvent { event_id: ULID! cancelled: Int! }
        input AppAddress { url: String! }
        type ListedApp {
          id: String name: String url: String! sdk: String framework: String functions: Int synced_at: Time error: String
        }
        input Signal { signal: String! data: Any }
        type SignalledRun { run_id: ULID! }

        input Checkpoint {
          run_id: ULID! fn_id: String qi_id: String request_id: String generation_id: Int request_started_at: Int
          steps: [Any] ts: Int
        }
        input MetadataOrder { target: MetadataTarget metadata: [MetadataUpdate!]! }
        input MetadataTarget { run_id: String step_id: String step_index: Int step_attempt: Int span_id: String }
        input MetadataUpdate { kind: String! op: String values: Map }
        type SpanExportAnswer { partialSuccess: RejectedSpans }
        type RejectedSpans { rejectedSpans: String! errorMessage: String! }
        input EndpointStart {
          run_id: ULID! event: EndpointEvent! steps: [Any] ts: Int request_version: Int retries: Int idempotency: String
        }
        input EndpointEvent { name: String! data: EndpointEventData! ts: Int }
        input EndpointEventData {
          domain: String! method: String! path: String! ip: String content_type: String query_params: String body: String
          fn: String
        }
        type EndpointRun { fn_id: UUID! app_id: UUID! run_id: ULID! token: String realtime_token: String! }
        input EndpointReport { run_id: ULID! fn_id: String app_id: String steps: [Any] ts: Int }
        input RealtimeTopic { channel: String name: String kind: String }
        type RealtimeToken { jwt: String! }
        input RerunOrder { from: String from_step: RerunStep }
        input RerunStep { id: String! input: [Any] }
        type RepeatedRun { run_id: ULID! original_run_id: ULID! }
        type WokenRun { run_id: ULID! woken: Int! }
        input ReplayOrder {
          function_id: String! from: Date until: Date status: [String!] start: String per_minute: Int preview: Boolean
        }
        input ReplayChange { paused: Boolean per_minute: Int }
        type ReplayPlan { preview: Boolean! runs: Int! is_complete: Boolean! replay: Replay }
        type Replay {
          id: ULID! function_id: String! status: [String!]! from: Time until: Time! start: String! per_minute: Int!
          state: String! runs: Int! started: Int! skipped: Int! problem: String created_by: String! created_at: Time!
          ended_at: Time
        }

        type V1Function {
          internal_id: UUID! env_id: UUID! app_id: UUID! id: String! name: String! config: Map! created_at: Time
          archived_at: Time!
        }
        type PausedFunction { id: UUID! slug: String! paused_at: Time }
        type Queue {
          function: String! waiting: Int! calls: Int! admitted_per_second: Float! paused: Boolean! key_count: Int!
          keys: [QueueKey!]!
        }
        type QueueKey {
          keys: [String!]! started: Boolean! waiting: Int! waiting_since: Time! admitted_per_second: Float!
          next: Waiting
        }
        input DrainOrder { key: String }
        input MoveOrder { key: String to: String! }
        type FunctionLimits { function: String! registered: Map! set: Map in_force: Map! }
        input Limits { concurrency: Any runs: Int throttle: Map rateLimit: Map }
        type AuditEntry { at: Time! actor: String! action: String! subject: String! detail: String! }

        input CancellationOrder {
          app_id: String! function_id: String! started_after: String started_before: String! if: String
        }
        type Cancellation {
          id: ULID! account_id: UUID! environment_id: UUID! app_id: UUID function_internal_id: UUID!
          function_id: String! name: String kind: String! backlog: String key: String to: String cause: String!
          queue_name: String started_after: Time started_before: Time! if: String created_at: Time!
          finished_at: Time cancelled: Int!
        }
        type Done { ok: Boolean! }

        """

    private static let scheduleTypes = """
        type Schedule {
          id: UUID! kind: String! name: String function: String function_id: UUID expression: String words: String
          zone: String at: Time jitter: String next_tick: Time last_tick: Time catch_up: String overlap: String
          run_id: ULID buffered_tick: Time paused_at: Time paused: Boolean! function_paused: Boolean event_name: String
          event: Map
        }
        input NewSchedule {
          name: String cron: String at: String event: NewScheduleEvent! catch_up: String paused: Boolean
        }
        input NewScheduleEvent { name: String! data: Map user: Map v: String }
        input ScheduleChange { paused: Boolean catch_up: String overlap: String }
        type NextTicks { id: UUID! name: String function: String expression: String! zone: String! times: [Time!]! }
        type ScheduleTick { tick: String! event_id: ULID! run_status: String result: Outcome }
        type ScheduleEvent { id: UUID! event_id: ULID! }
        input BackfillOrder { from: Date! to: Date! preview: Boolean again: Boolean }
        type BackfillPlan {
          id: ULID schedule_id: UUID! function: String! expression: String! preview: Boolean! ticks: Int!
          already_run: Int! first: Time last: Time times: [Time!]!
        }
        type Backfill {
          id: ULID! schedule_id: UUID! function: String! expression: String! from: Time! to: Time! ticks: Int!
          started: Int! state: String! created_at: Time! ended_at: Time by: String!
        }

        """

    private static let v2Types = """
        type V2Health { status: String! }
        type V2Account { id: UUID! email: String! name: String! createdAt: Time! updatedAt: Time! }
        type V2Environment { id: UUID! name: String! type: String! createdAt: Time! }
        type V2Key { id: UUID name: String key: String! environment: String! createdAt: Time! }
        input V2NewEvent { name: String! data: Map user: Map id: String ts: Int }
        type V2SentEvent { eventId: ULID! }
        type V2Run {
          id: ULID! function: V2FunctionReference! app: V2AppReference! status: V2RunStatus! queuedAt: Time!
          startedAt: Time endedAt: Time durationMs: String trigger: V2Trigger! output: Map
        }
        enum V2RunStatus { QUEUED RUNNING COMPLETED FAILED CANCELLED }
        type V2FunctionReference { id: String! name: String }
        type V2AppReference { id: String }
        type V2Trigger { eventIds: [ULID!] isBatch: Boolean batchId: ULID cronSchedule: String }
        type V2Trace { runId: ULID! rootSpan: V2Span! }
        type V2Span {
          id: String! name: String! status: String! stepOp: String stepId: String durationMs: String queuedAt: Time!
          startedAt: Time endedAt: Time input: Map output: Map attributes: Map
          metadata: [V2SpanMetadata!]
          children: [V2Span!]
        }
        type V2SpanMetadata { scope: String! kind: String! values: Map! updatedAt: Time! }
        input V2NewScore { name: String! value: Any! stepId: String experiment: V2Experiment }
        input V2Experiment { id: String! variant: String! }
        type V2Score { runId: ULID! name: String! value: Any! stepId: String experiment: Map }
        type V2RunReference { runId: ULID! }
        type V2App {
          id: String! name: String! method: String! createdAt: Time! functionCount: Int appVersion: String
          isArchived: Boolean latestSync: V2Sync!
        }
        type V2Sync {
          sdkLanguage: String sdkVersion: String framework: String url: String error: String appVersion: String
        }
        type V2Function {
          id: String! slug: String! name: String! app: V2AppReference! isPaused: Boolean isArchived: Boolean
          triggers: [V2FunctionTrigger!] configuration: Map!
        }
        type V2FunctionTrigger { type: String! value: String! if: String }
        input V2Rerun { fromStep: V2RerunStep }
        input V2RerunStep { stepId: String! input: [Any] }
        input V2Invocation { data: Map! idempotencyKey: String }
        """
}
