-- A LÖVE program that tells which colours a picture has:
--
--    love spec/support/picture FILE LEFT TOP WIDTH HEIGHT      a part of it
--
-- prints the picture's width and height, and then each colour of the part with the number of its pixels.
require "love.image"

local function colours(image, left, top, width, height)
   local counts = {}
   for y = top, top + height - 1 do
      for x = left, left + width - 1 do
         local red, green, blue = image:getPixel(x, y)
         local name = ("%02x%02x%02x"):format(red * 255 + 0.5, green * 255 + 0.5, blue * 255 + 0.5)
         counts[name] = (counts[name] or 0) + 1
      end
   end
   return counts
end

function love.run()
   local file = assert(io.open(arg[2], "rb"))
   local image = love.image.newImageData(love.filesystem.newFileData(file:read("*a"), "picture.png"))
   file:close()
   print(image:getDimensions())
   local part = {}
   for index = 3, 6 do
      part[#part + 1] = tonumber(arg[index])
   end
   for name, count in pairs(colours(image, unpack(part))) do
      print(name, count)
   end
   return function() return 0 end
end
