-- No window: a picture is read without a screen.
function love.conf(t)
   for name in pairs(t.modules) do
      t.modules[name] = name == "image" or name == "data" or name == "filesystem"
   end
end
