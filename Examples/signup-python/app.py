"""
A sign-up that survives crashes.

Each `step.run` happens once: when something after it fails, or the server or this program is
stopped and started again, finished steps are not repeated and the function goes on where it was.

    pip install -r requirements.txt
    apus dev -u http://127.0.0.1:8000/api/inngest
    INNGEST_DEV=http://127.0.0.1:8288 python app.py
    curl http://127.0.0.1:8288/e/dev -d '{"name":"shop/user.signed-up","data":{"email":"ada@example.com"}}'
"""

import datetime
import os

import fastapi
import inngest
import inngest.fast_api
import uvicorn

client = inngest.Inngest(app_id="shop")


@client.create_function(fn_id="signup", trigger=inngest.TriggerEvent(event="shop/user.signed-up"))
async def signup(ctx: inngest.Context) -> dict[str, object]:
    email = str(ctx.event.data["email"])

    account = await ctx.step.run("create-account", create_account, email)

    # Fails on its first attempt and is tried again; the account is not created twice.
    await ctx.step.run("send-welcome", send_welcome, email, ctx.attempt)

    # Nothing runs while a function sleeps, be it two seconds or two months.
    await ctx.step.sleep("let-it-settle", datetime.timedelta(seconds=2))

    # Both at the same time.
    contact, subscribed = await ctx.group.parallel(
        (
            lambda: ctx.step.run("crm-sync", sync_with_crm, account),
            lambda: ctx.step.run("newsletter", subscribe, email),
        )
    )
    return {"account": account, "contact": contact, "subscribed": subscribed}


# What the steps do: ordinary functions that know nothing of Apus.


async def create_account(email: str) -> str:
    print(f"creating an account for {email}")
    return "account-1"


async def send_welcome(email: str, attempt: int) -> None:
    if attempt == 0:
        raise ConnectionError("the mail server is busy")
    print(f"welcoming {email}")


async def sync_with_crm(account: str) -> str:
    print(f"telling the CRM about {account}")
    return "contact-7"


async def subscribe(email: str) -> bool:
    print(f"subscribing {email} to the newsletter")
    return True


app = fastapi.FastAPI()
inngest.fast_api.serve(app, client, [signup])

if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(os.environ.get("PORT", "8000")), log_level="warning")
