-- LÖVE reads this first: the window, and only what the game uses.
function love.conf(t)
   t.version = "11.4"
   t.window.title = "promptic in LÖVE"
   t.window.width, t.window.height = 1280, 720
   t.window.vsync = 1
   for _, name in ipairs{
      "audio", "joystick", "math", "mouse", "physics", "sound", "system", "thread", "touch", "video",
   } do
      t.modules[name] = false
   end
end
