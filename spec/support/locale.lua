--- locale.lua - locales that specs need and machines lack.
local process = require "spec.support.process"

local locale = {}

--- Makes the locale "comma" in the folder, for LOCPATH: its numbers have a decimal comma. Few machines have one. False
-- where that cannot be done.
function locale.comma(folder)
   local charmap = { "<code_set_name> ASCII", "<escape_char> /", "CHARMAP" }
   for code = 0, 127 do
      charmap[#charmap + 1] = ("<U%04X> /x%02x"):format(code, code)
   end
   charmap[#charmap + 1] = "END CHARMAP\n"
   process.write_file(folder .. "/charmap", table.concat(charmap, "\n"))
   process.write_file(folder .. "/source",
      'LC_NUMERIC\ndecimal_point ","\nthousands_sep ""\ngrouping -1\nEND LC_NUMERIC\n')
   -- -c: go on without what else a locale has
   process.run{ "localedef", "-c", "-f", folder .. "/charmap", "-i", folder .. "/source", folder .. "/comma" }
   return os.rename(folder .. "/comma", folder .. "/comma") ~= nil
end

return locale
