Rails.application.routes.draw do
  root "pages#show"
  resources :jobs, only: %i[index create]
end
