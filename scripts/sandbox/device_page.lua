--- The page on which a login is approved: one document without scripts, and nothing is fetched for it.
local page = {}

local STYLE = [[
:root { color-scheme: light dark; --back: #f3f4f8; --card: #ffffff; --text: #1b1e28; --soft: #5c6275;
   --line: #dde0ea; --main: #4353d0; --on-main: #ffffff; --good: #1c7d4d; --bad: #b3343f; }
@media (prefers-color-scheme: dark) { :root { --back: #101219; --card: #1a1d27; --text: #eceef5;
   --soft: #a0a6ba; --line: #2f3444; --main: #8b97ff; --on-main: #10131f; --good: #58cf94; --bad: #ff8a93; } }
* { box-sizing: border-box; margin: 0; }
body { min-height: 100vh; display: grid; place-items: center; padding: 24px 16px; background: var(--back);
   color: var(--text); font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
main { width: 100%; max-width: 420px; padding: 32px; background: var(--card); border: 1px solid var(--line);
   border-radius: 16px; box-shadow: 0 12px 32px rgb(10 14 40 / 8%); }
.mark { display: flex; align-items: center; gap: 10px; margin-bottom: 24px; font-weight: 600; }
.mark i { width: 22px; height: 22px; border-radius: 7px; background: var(--main); }
.mark span { margin-left: auto; padding: 1px 10px; border: 1px solid var(--line); border-radius: 99px;
   color: var(--soft); font-size: 13px; font-weight: 500; }
h1 { margin-bottom: 8px; text-wrap: balance; font-size: 22px; line-height: 1.25; letter-spacing: -.01em; }
p { color: var(--soft); }
.code { margin: 24px 0; padding: 14px 8px; border: 1px dashed var(--line); border-radius: 12px;
   font: 600 clamp(22px, 8vw, 30px)/1.2 ui-monospace, "SF Mono", Menlo, Consolas, monospace;
   letter-spacing: .1em; text-align: center; }
input[type=text] { text-transform: uppercase; width: 100%; background: transparent; color: inherit; }
form { margin-top: 8px; }
.row { display: flex; gap: 12px; }
button { flex: 1; min-height: 46px; padding: 0 16px; border: 1px solid var(--line); border-radius: 11px;
   background: transparent; color: inherit; font: inherit; font-weight: 600; cursor: pointer; }
button.main { border-color: transparent; background: var(--main); color: var(--on-main); }
button:hover { filter: brightness(1.06); }
:focus-visible { outline: 3px solid var(--main); outline-offset: 2px; }
.note { margin-top: 20px; font-size: 14px; }
.problem { margin-top: 12px; color: var(--bad); }
.approved h1 { color: var(--good); }
.denied h1 { color: var(--bad); }
]]

local DOCUMENT = [[
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>%s - Promptic sandbox</title>
<style>
%s</style>
</head>
<body>
<main%s>
<div class="mark"><i></i>Promptic<span>sandbox</span></div>
%s</main>
</body>
</html>
]]

local ENTER = [[
<h1>Enter your code</h1>
<p>It is shown where you started the login.</p>
%s<form method="get" action="/device">
<input class="code" type="text" name="user_code" value="%s" placeholder="XXXX-XXXX" aria-label="Code"
   maxlength="16" autocomplete="off" autocapitalize="characters" spellcheck="false" required autofocus>
<div class="row"><button class="main" type="submit">Continue</button></div>
</form>
]]

local APPROVE = [[
<h1>Sign in to the command line?</h1>
<p>Check that this is the code you see where you started the login.</p>
<div class="code">%s</div>
<form method="post" action="/device">
<input type="hidden" name="user_code" value="%s">
<div class="row">
<button type="submit" name="answer" value="deny">Deny</button>
<button class="main" type="submit" name="answer" value="approve">Approve</button>
</div>
</form>
<p class="note">Whoever asked gets access to the workspaces of this sandbox. If that was not you, deny it.</p>
]]

local ANSWERED = {
   approved = "<h1>You are signed in</h1>\n<p>You can close this page and go back to the terminal.</p>\n",
   denied = "<h1>Access was denied</h1>\n<p>Nobody was signed in. You can close this page.</p>\n",
}

local ENTITIES = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;", ["'"] = "&#39;" }

local function escape(text)
   return (text:gsub("[&<>\"']", ENTITIES))
end

local function document(title, body, class)
   return DOCUMENT:format(title, STYLE, class and (' class="%s"'):format(class) or "", body)
end

--- Asks for the code. What was typed before comes back, where something was wrong with it.
function page.enter(problem, typed)
   local alert = problem and ('<p class="problem" role="alert">%s</p>\n'):format(escape(problem)) or ""
   return document("Enter your code", ENTER:format(alert, escape((typed or ""):sub(1, 16))))
end

--- Asks whether the login with this code is to be approved.
function page.approve(user_code)
   return document("Sign in", APPROVE:format(escape(user_code), escape(user_code)))
end

--- The outcome: "approved" or "denied".
function page.answered(status)
   return document(status == "approved" and "Signed in" or "Denied", ANSWERED[status], status)
end

--- Nothing is loaded from anywhere, and no other page can frame this one or send its forms elsewhere. The
-- referrer policy is not no-referrer: a form's Origin would be null then.
function page.headers()
   return {
      ["content-type"] = "text/html; charset=utf-8", ["cache-control"] = "no-store",
      ["content-security-policy"] = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; "
         .. "frame-ancestors 'none'; base-uri 'none'",
      ["referrer-policy"] = "same-origin", ["x-content-type-options"] = "nosniff",
      ["x-frame-options"] = "DENY",
   }
end

return page
