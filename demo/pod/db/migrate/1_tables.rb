class Tables < ActiveRecord::Migration[6.1]
  def change
    create_table(:pages) { |t| t.string(:title); t.integer(:visits, default: 0) }
    create_table(:done, id: false) { |t| t.integer(:number, primary_key: true) }
    reversible { |way| way.up { execute "insert into pages (title) values ('Our pod')" } }
  end
end
