# A row for each job that was done.
class Done < ActiveRecord::Base
  self.table_name = "done"
end
