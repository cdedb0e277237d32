--- promptic logout
return {
   notes = "It removes the session and its AI Application from ~/.promptic/config.toml and keeps the rest of it.",
   run = function()
      return require("promptic").auth.logout()
   end,
   done = function(result)
      local told = "There was no session to remove."
      if result.was_logged_in then
         told = ("Signed out: the session is gone from %s."):format(result.config_file)
      end
      if result.has_api_key then told = told .. "\nThe API key there stays, and is used from now on." end
      return told
   end,
}
