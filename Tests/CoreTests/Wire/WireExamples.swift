/// Bodies as real SDKs send them.
enum WireExamples {
    static let pythonRegistration = #"""
        {"appname":"shop","appVersion":"v7","capabilities":{"connect":"v1","in_band_sync":"v1","trust_probe":"v1"},
         "deploy_type":"ping","framework":"flask","sdk":"py:v0.5.19","url":"http://127.0.0.1:5000/api/inngest","v":"0.1",
         "functions":[
          {"id":"shop-full","name":"Full","idempotency":"event.data.o","priority":{"run":"100"},
           "triggers":[{"event":"a/b"},{"cron":"0 * * * *","jitter":"5s"}],
           "cancel":[{"event":"a/c","if":"event.data.id==async.data.id","timeout":"1h"}],
           "concurrency":[{"key":"event.data.u","limit":5,"scope":"env"},{"limit":9}],
           "debounce":{"key":"event.data.k","period":"90s","timeout":"5m"},
           "rateLimit":{"key":"event.data.z","limit":2,"period":"1m"},
           "throttle":{"limit":3,"period":"2m","burst":1},"timeouts":{"start":"10s","finish":"1d"},
           "singleton":{"key":"event.data.s","mode":"skip"},
           "steps":{"step":{"id":"step","name":"step","retries":{"attempts":3},
             "runtime":{"type":"http","url":"http://127.0.0.1:5000/api/inngest?fnId=shop-full&stepId=step"}}}},
          {"id":"shop-batch","name":"batch","batchEvents":{"maxSize":10,"timeout":"1m","key":"event.data.b","if":"event.data.c"},
           "triggers":[{"event":"b/b"}],
           "steps":{"step":{"id":"step","name":"step","runtime":{"type":"http","url":"http://127.0.0.1:5000/api/inngest?fnId=shop-batch&stepId=step"}}}},
          {"id":"shop-full-failure","name":"Full (failure)","concurrency":[],"cancel":[],
           "triggers":[{"event":"inngest/function.failed","expression":"event.data.function_id == 'shop-full'"}],
           "steps":{"step":{"id":"step","name":"step","retries":{"attempts":0},
             "runtime":{"type":"http","url":"http://127.0.0.1:5000/api/inngest?fnId=shop-full-failure&stepId=step"}}}}]}
        """#

    static let goRegistration = #"""
        {"url":"http://127.0.0.1:5000/api/inngest","v":"1","deployType":"ping","sdk":"go:v0.16.0","framework":"",
         "appName":"goshop","headers":{"env":"","platform":""},"idempotencyKey":"","capabilities":{"trust_probe":"v1"},
         "functions":[{"name":"Full fn","id":"goshop-full","triggers":[{"event":"g/a"}],
          "throttle":{"burst":0,"key":"event.data.u","limit":3,"period":"2m"},"retries":3,"timeouts":{"finish":"1d"},
          "Singleton":null,"checkpoint":{"max_runtime":10000000000},
          "steps":{"step":{"id":"step","name":"Full fn","runtime":{"url":"http://127.0.0.1:5000/api/inngest?fnId=goshop-full&step=step"},"retries":{"attempts":3}}}}]}
        """#

    static let typeScriptRegistration = #"""
        {"url":"http://localhost:3000/api/inngest?deployId=dpl_1","deployType":"ping","framework":"express","appName":"demo",
         "functions":[
          {"id":"demo-main","name":"main","triggers":[{"event":"demo/start"}],"concurrency":4,
           "steps":{"step":{"id":"step","name":"step","runtime":{"type":"http","url":"http://localhost:3000/api/inngest?fnId=demo-main&stepId=step&deployId=dpl_1"}}}},
          {"id":"demo-main-failure","name":"main (failure)",
           "triggers":[{"event":"inngest/function.failed","expression":"event.data.function_id == 'demo-main'"}],
           "steps":{"step":{"id":"step","name":"step","retries":{"attempts":1},"runtime":{"type":"http","url":"http://localhost:3000/api/inngest?fnId=demo-main-failure&stepId=step&deployId=dpl_1"}}}}],
         "sdk":"js:v4.18.1","v":"0.1","capabilities":{"trust_probe":"v1","connect":"v1"},
         "featureObservations":{"features":[{"kind":1}]}}
        """#

    static let typeScriptInBand = #"""
        {"app_id":"demo","appVersion":"7","capabilities":{"trust_probe":"v1"},"env":null,"framework":"express",
         "functions":[{"id":"demo-main","name":"main","triggers":[{"event":"demo/start"}],
          "steps":{"step":{"id":"step","name":"step","runtime":{"type":"http","url":"http://localhost:3000/api/inngest?fnId=demo-main&stepId=step"}}}}],
         "inspection":{"schema_version":"2024-05-24"},"platform":null,"sdk":"js:v4.18.1","sdk_author":"inngest",
         "sdk_language":"","sdk_version":"","url":"http://localhost:3000/api/inngest"}
        """#

    static let pythonInBand = #"""
        {"app_id":"shop","framework":"fast_api","functions":[],"inspection":{},"sdk_author":"inngest","sdk_language":"py",
         "sdk_version":"0.5.19","url":"http://127.0.0.1:5000/api/inngest"}
        """#

    /// Lists of ops with the names of what they hold.
    static let lists: [(body: String, kinds: [String])] = [
        (
            #"[{"displayName":"a","id":"86f7e437faa5a7fce15d1ddcb9eaeaea377667b8","name":"a","op":"StepRun","opts":null,"userland":{"id":"a","index":null},"data":{"n":1}}]"#,
            ["StepRun"]
        ),
        (
            #"[{"displayName":"zz","id":"d7dacae2c968388960bf8970080a980ed5c5dcb7","name":"2026-11-21T07:49:42.794Z","op":"Sleep","opts":null,"userland":{"id":"zz","index":null},"data":null}]"#,
            ["Sleep"]
        ),
        (
            #"[{"displayName":"w","id":"aff024fe4ab0fece4091de044c58c9ae4233383a","name":"demo/w","op":"WaitForEvent","opts":{"if":"event.data.k == async.data.k","timeout":"90m"},"userland":{"id":"w","index":null},"data":null}]"#,
            ["WaitForEvent"]
        ),
        (
            #"[{"displayName":"p","id":"516b9783fca517eecbd1d064da2d165310b19759","name":"p","op":"StepPlanned","opts":null,"userland":{"id":"p","index":null},"data":null},{"displayName":"p","id":"752881753aa4941a0c67a22880d9b4c06c562ff5","name":"p","op":"StepPlanned","opts":null,"userland":{"id":"p","index":1},"data":null}]"#,
            ["StepPlanned", "StepPlanned"]
        ),
        (
            #"[{"displayName":"inv","id":"a22c81f9e58d3e183314100cda7df50c66582b16","name":"inv","op":"InvokeFunction","opts":{"function_id":"demo-child","payload":{"data":{"q":1},"v":null},"timeout":"30s"},"userland":{"id":"inv","index":null},"data":null}]"#,
            ["InvokeFunction"]
        ),
        (
            #"[{"id":"86f7e437faa5a7fce15d1ddcb9eaeaea377667b8","op":"StepRun","name":"a","opts":{},"displayName":"a","userland":{"id":"a"},"data":{"n":1},"timing":{"a":1795247829004000000,"b":0}}]"#,
            ["StepRun"]
        ),
        (
            #"[{"displayName":"zz","op":"Sleep","id":"d7dacae2c968388960bf8970080a980ed5c5dcb7","name":"2s","opts":{},"userland":{"id":"zz"},"data":null}]"#,
            ["Sleep"]
        ),
        (
            #"[{"displayName":"inv","op":"InvokeFunction","id":"a22c81f9e58d3e183314100cda7df50c66582b16","opts":{"payload":{"data":{"q":1}},"function_id":"tsn-child","timeout":"30s"},"userland":{"id":"inv"},"data":null}]"#,
            ["InvokeFunction"]
        ),
        (
            #"[{"id":"58e6b3a414a1e090dfc6029add0f3555ccba127f","op":"StepError","name":"e","opts":{},"displayName":"e","userland":{"id":"e"},"error":{"name":"Error","message":"bad","stack":"…","__serialized":true},"timing":{"a":1,"b":1},"data":null}]"#,
            ["StepError"]
        ),
        (
            #"[{"id":"58e6b3a414a1e090dfc6029add0f3555ccba127f","op":"StepFailed","name":"e","error":{"name":"Error","message":"bad","stack":"…","__serialized":true},"data":{"__serialized":true,"name":"Error","message":"bad","stack":""}}]"#,
            ["StepFailed"]
        ),
        (
            #"[{"id":"86f7e437faa5a7fce15d1ddcb9eaeaea377667b8","mode":"sync","op":"StepRun","name":"a","displayName":"a","userland":{"id":"a"},"opts":{},"rawArgs":["a",null],"hashedId":"86f7e437faa5a7fce15d1ddcb9eaeaea377667b8","promise":{},"fulfilled":true,"hasStepState":true,"handled":true,"middleware":{"stepInfo":{"hashedId":"86f7","memoized":false,"options":{"id":"a","name":"a"},"stepType":"run"}},"memoizationDeferred":{"promise":{}},"transformedResultPromise":{},"data":{"n":1},"timing":{"a":1795247829182000000,"b":0}},{"op":"RunComplete","id":"0737c22d3bfae812339732d14d8c7dbd6dc4e09c","data":{"a":{"n":1},"ev":"ts/w","r":["A",null],"i":{"child":true}}}]"#,
            ["StepRun", "RunComplete"]
        ),
        (
            #"{"id":"0737c22d3bfae812339732d14d8c7dbd6dc4e09c","op":"RunComplete","data":{"status":200,"headers":{},"body":"\"x\"","version":2}}"#,
            ["RunComplete"]
        ),
        (
            #"[{"op":"StepRun","id":"86f7e437faa5a7fce15d1ddcb9eaeaea377667b8","name":"a","opts":null,"data":1,"error":null,"displayName":null,"timing":{"a":1,"b":2},"userland":{"id":"a","index":0}},{"op":"Sleep","id":"d7dacae2c968388960bf8970080a980ed5c5dcb7","name":"zz","opts":{"duration":"2s"},"data":null}]"#,
            ["StepRun", "Sleep"]
        ),
    ]
}
