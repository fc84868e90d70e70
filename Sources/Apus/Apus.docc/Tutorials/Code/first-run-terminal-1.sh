apus dev -u http://localhost:3000/api/inngest     # in one terminal
INNGEST_DEV=1 swift run                            # in another
apus send user/signed-up --data '{"email": "a@b.c"}'
